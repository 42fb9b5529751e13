"""A Singer tap for any REST API, described in the dlt rest_api dialect."""
