"""The API as a whole: its list of operations, its OpenAPI document, its health."""
