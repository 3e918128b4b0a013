"""What end-to-end tests are given."""

from tests.unit.data.small_voc import voc as voc
