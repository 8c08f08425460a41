"""The page middleware without room in its own process."""

from config.pages import PageMiddleware


class SharedOnly(PageMiddleware):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.kept.most_bytes = 0
