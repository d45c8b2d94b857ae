"""Request bodies. What pydantic refuses here never reaches the engine."""
