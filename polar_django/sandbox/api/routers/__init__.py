"""One router per resource: check the request, call the engine, answer with a shape."""
