"""People verify (sections 4.2 and 5.2, appendix F): the study behind Tables 1, 2 and 4, from predictions to ratings."""
