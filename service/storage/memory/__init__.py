"""The store in memory: the ports in dictionaries, with the semantics of the store in SQL."""

from service.storage.memory.store import MemoryStore

__all__ = ["MemoryStore"]
