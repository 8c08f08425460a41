"""The categories a subscriber can choose from, as bits of one number."""

from collections.abc import Iterable
from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from tools.models import Category


class TopicManager(models.Manager["Topic"]):
    def of(self, categories: Iterable[Category]) -> dict[int, int]:
        """Return the bit of each category by its key, given out to those that have none yet.

        Past the last bit a category has none: its verdicts go to those who chose no topics.
        """
        wanted = {category.pk for category in categories}
        bits = dict(self.filter(category__in=wanted).values_list("category", "bit"))
        for key in sorted(wanted - bits.keys()):
            bit = self._give(key)
            if bit is not None:
                bits[key] = bit
        return bits

    def _give(self, category: int) -> int | None:
        taken = set(self.values_list("bit", flat=True))
        for bit in range(Topic.MOST):
            if bit in taken:
                continue
            try:
                with transaction.atomic():
                    return self.create(category_id=category, bit=bit).bit
            except IntegrityError:  # somebody else took the bit, or gave this category one
                mine = self.filter(category=category).values_list("bit", flat=True).first()
                if mine is not None:
                    return mine
        return None

    def mask(self, categories: Iterable[Category]) -> int:
        """Return the bits of these categories in one number."""
        return sum(1 << bit for bit in self.of(categories).values())


class Topic(models.Model):
    """The bit that stands for a category in `Subscriber.topics`. A deleted category's bit is not given out again."""

    MOST: ClassVar[int] = 62

    category = models.OneToOneField(Category, models.SET_NULL, null=True, related_name="+")
    bit = models.PositiveSmallIntegerField(unique=True)

    objects = TopicManager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(bit__lt=62), name="topic_bit_fits")]

    def __str__(self) -> str:
        return f"{self.category}: bit {self.bit}"
