"""What an operator may set: one model that the reference page, the JSON schema and the errors come from, and its loading."""
