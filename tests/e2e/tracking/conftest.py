"""What tests of tracking are given."""

from tests.unit.tracking.conftest import no_launch as no_launch
