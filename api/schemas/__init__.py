"""What goes in and out of `/api/v1`, as pydantic models; OpenAPI is made from them."""
