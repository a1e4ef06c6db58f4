"""The data dictionary of a service: read from REDCap's CSV, checked, compared, carried into other standards, and written back."""
