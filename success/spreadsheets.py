"""Cells that a spreadsheet shows and does not run.

A text that begins like a formula gets an apostrophe before it on the way out, which spreadsheets take as "this is
text", and loses it on the way in: a file that was exported can be imported unchanged.
"""

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(BEGINS_A_FORMULA) else text


def plain_cell(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(BEGINS_A_FORMULA) else cell
