"""Documents: files that a customer asks for, made by a worker and fetched by a link that lives for minutes."""
