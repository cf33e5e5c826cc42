"""The least that is valid. Each writes in the scope that it needs and leaves the caller's as it was."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import Client, Membership, Organization, User
from accounts.tenancy import all_organizations


class TenantFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with all_organizations():
            return super()._create(model_class, *args, **kwargs)


class OrganizationFactory(TenantFactory):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Organization {n}")
    slug = factory.Sequence(lambda n: f"organization-{n}")
    status = Organization.Status.ACTIVE


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    password = factory.django.Password("correct horse battery")


class MembershipFactory(TenantFactory):
    class Meta:
        model = Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory, is_staff=True)
    role = Membership.Role.STAFF


class ClientFactory(TenantFactory):
    class Meta:
        model = Client

    organization = factory.SubFactory(OrganizationFactory)
    external_id = factory.Sequence(lambda n: f"client-{n}")
