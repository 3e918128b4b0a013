"""The door between configuration and code: settings are composed, checked and made into objects."""
