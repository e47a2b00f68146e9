"""The HTTP face: request and response schemas, authentication, the error format, the OpenAPI document."""
