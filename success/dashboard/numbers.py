"""Numbers as the reader's locale writes them."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils.formats import number_format


def whole(number: int) -> str:
    # No locale groups three digits: asking it takes longer than all else about a number.
    return str(number) if 0 <= number < 1_000 else number_format(number, force_grouping=True)


def points_text(points: Fraction | Decimal, *, decimals: int = 2) -> str:
    exact = Decimal(points.numerator) / Decimal(points.denominator) if isinstance(points, Fraction) else points
    rounded: Decimal = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return number_format(rounded, decimals)


def signed(points: Decimal | int) -> str:
    """With a sign that a screen reader says, and none for nothing."""
    size = number_format(abs(points), 2) if isinstance(points, Decimal) else number_format(abs(points))
    return size if not points else f"{'+' if points > 0 else '−'}{size}"
