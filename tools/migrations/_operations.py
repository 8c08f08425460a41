"""Operations for which Django need not make the classes of all models again.

It makes them whenever a state is asked for its models: for each table that is tied to others by foreign keys, and for each
`RunPython`. That is nearly all the time which migrating an empty database takes, and tests and new sites begin with one.
"""

from django.db import migrations, router


class CreateModels(migrations.SeparateDatabaseAndState):
    """Create the tables of several models, given as `state_operations`, whose classes are made once for all of them."""

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # or each model that is added would make all classes that it leads to
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.state_operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.state_operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return "; ".join(operation.describe() for operation in self.state_operations)


class RunStatements(migrations.RunPython):
    """Call a function as `RunPython` does, but with no models: for triggers, functions and whatever else SQL makes."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            self.code(None, schema_editor)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if self.reverse_code is None:
            raise NotImplementedError("You cannot reverse this operation")
        if router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            self.reverse_code(None, schema_editor)

    def describe(self):
        return "Statements of the database's own"
