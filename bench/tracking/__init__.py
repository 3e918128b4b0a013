"""Section 5's runs in a tracker: what is told is made once, from a finished run's folder; one file a tracker."""
