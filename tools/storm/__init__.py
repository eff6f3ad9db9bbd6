"""`./run storm`: people use Relay Check while its parts fail; nothing that was saved is lost."""
