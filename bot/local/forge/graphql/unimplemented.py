"""Telling what this forge lacks from what GitHub has not: a name that is not in the schema answers 501.

The schema here is a part of GitHub's, so an unknown name in a document can be the client's mistake or our
gap; either way nobody may take silence, or an empty answer, for GitHub's.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    NamedTypeNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)

from bot.local.forge.http import Refused


def not_implemented(what: str) -> Refused:
    """501 with the name of what is not there."""
    return Refused(501, f"This forge does not implement {what}")


def check_names(schema: GraphQLSchema, document: DocumentNode) -> None:
    """Raise 501 for the first field, argument, type, input field or enum value that the schema lacks."""
    info = TypeInfo(schema)
    visit(document, TypeInfoVisitor(info, _Names(schema, info)))


class _Names(Visitor):
    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.schema = schema
        self.info = info

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self.info.get_parent_type()
        if parent is not None and self.info.get_field_def() is None:
            raise not_implemented(f"{parent.name}.{node.name.value}")

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        definition, parent = self.info.get_field_def(), self.info.get_parent_type()
        if self.info.get_directive() is not None or self.info.get_argument() is not None:
            return
        if definition is not None and isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            name = next(key for key, value in parent.fields.items() if value is definition)
            raise not_implemented(f"{parent.name}.{name}({node.name.value}:)")

    def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
        if node.name.value not in self.schema.type_map:
            raise not_implemented(node.name.value)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        # TypeInfo has entered the field already; what it is a field of is one step out.
        parent = (
            get_named_type(self.info.get_parent_input_type()) if self.info.get_parent_input_type() else None
        )
        if isinstance(parent, GraphQLInputObjectType) and node.name.value not in parent.fields:
            raise not_implemented(f"{parent.name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        wanted = get_named_type(self.info.get_input_type())
        if isinstance(wanted, GraphQLEnumType) and node.value not in wanted.values:
            raise not_implemented(f"{wanted.name}.{node.value}")


def check_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: dict[str, object]
) -> None:
    """Raise 501 for an input field or enum value in the variables that the schema lacks."""
    for definition in operation.variable_definitions or ():
        wanted = type_from_ast(schema, definition.type)
        if wanted is not None:
            _check_value(wanted, variables.get(definition.variable.name.value))


def _check_value(wanted: object, value: object) -> None:
    if isinstance(wanted, GraphQLNonNull | GraphQLList):
        for each in value if isinstance(wanted, GraphQLList) and isinstance(value, list) else [value]:
            _check_value(wanted.of_type, each)
    elif isinstance(wanted, GraphQLEnumType) and isinstance(value, str) and value not in wanted.values:
        raise not_implemented(f"{wanted.name}.{value}")
    elif isinstance(wanted, GraphQLInputObjectType) and isinstance(value, dict):
        for name, each in value.items():
            if name not in wanted.fields:
                raise not_implemented(f"{wanted.name}.{name}")
            _check_value(wanted.fields[name].type, each)
