"""What people look at: tables, curves, the gallery, stored predictions."""
