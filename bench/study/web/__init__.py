"""Appendix F, the screens of the study: pages of Flask over the study's database, served by waitress."""
