"""The seeded scripts that make the embedded models and their cards; not part of the package."""
