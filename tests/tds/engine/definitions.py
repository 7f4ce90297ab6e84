"""The parser's part for CREATE, ALTER and DROP."""

# ruff: noqa: C901, PLR0912 - a case for each type or statement
from __future__ import annotations

from abc import abstractmethod

from tests.tds import pages
from tests.tds.engine import tree
from tests.tds.engine.lexer import Kind
from tests.tds.engine.parser import QueryParser
from tests.tds.engine.type_names import SIZED
from tests.tds.errors import Refused
from tests.tds.types import SqlType

CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK")


class DefinitionParser(QueryParser):
    """CREATE, ALTER, DROP and TRUNCATE."""

    @abstractmethod
    def statements_until(self, *words: str) -> list[tree.Statement]:
        """Statements; the parser above knows how."""

    @abstractmethod
    def statement(self) -> tree.Statement:
        """One statement."""

    def declared_type(self) -> SqlType:
        """A type of a column or variable: without a length, texts and binaries have 1."""
        type_ = self.type()
        if type_.name in SIZED and not type_.length:
            return SqlType(type_.name, 1)
        return type_

    def create(self, line: int) -> tree.Statement:
        """CREATE."""
        start = self.token.start
        self.expect("CREATE")
        replace = False
        if self.take("OR"):
            self.expect("ALTER")
            replace = True
        if self.take("TABLE"):
            name = self.parts()
            columns, constraints = self.table_body()
            self.storage()
            return tree.CreateTable(line, name, columns, constraints)
        if self.at("VIEW", "PROCEDURE", "PROC"):
            return self.module(line, start, replace=replace)
        if self.take("SCHEMA"):
            return tree.CreateSchema(line, self.name())
        if self.take("SYNONYM"):
            name = self.parts()
            self.expect("FOR")
            return tree.CreateSynonym(line, name, self.parts())
        if self.take("DATABASE"):
            name_ = self.name()
            if self.take("COLLATE") and self.collation() != pages.SERVER.name:
                raise Refused("a database of another collation")
            return tree.CreateDatabase(line, name_)
        unique = self.take("UNIQUE")
        if self.at("CLUSTERED", "NONCLUSTERED"):
            self.advance()
        if self.take("INDEX"):
            return self.index_definition(line, unique=unique)
        raise Refused(f"CREATE {self.token.text}")

    def index_definition(self, line: int, *, unique: bool) -> tree.Statement:
        """CREATE INDEX."""
        name = self.name()
        self.expect("ON")
        table = self.parts()
        columns = self.key_columns()
        if self.at("WHERE"):
            raise Refused("filtered indexes")
        if self.take("INCLUDE"):
            self.names_in_parentheses()
        ignores = self.storage()
        if ignores and not unique:
            raise Refused("IGNORE_DUP_KEY of an index that is not unique")
        return tree.CreateIndex(line, name, table, columns, unique, ignores)

    def collation(self) -> str:
        """The name of a collation that the server has."""
        return pages.of(pages.declared(self.name())).name

    def storage(self) -> bool:
        """WITH (...) and ON filegroup: where things are kept changes no result. Gives whether IGNORE_DUP_KEY is ON."""
        words: list[str] = []
        if self.at("WITH") and self.peek(1).text == "(":
            self.advance()
            depth = 0
            while True:
                token = self.advance()
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                words.append(token.text.upper())
                if not depth:
                    break
                if token.kind is Kind.END:
                    raise self.unexpected()
        while self.at("ON", "TEXTIMAGE_ON"):
            self.advance()
            self.advance()
        return "IGNORE_DUP_KEY=ON" in "".join(words)

    def key_columns(self) -> tuple[str, ...]:
        """(a ASC, b DESC)."""
        self.symbol("(")
        found: list[str] = []
        while True:
            found.append(self.name())
            if self.at("ASC", "DESC"):
                self.advance()
            if not self.take_symbol(","):
                break
        self.symbol(")")
        return tuple(found)

    def table_body(self) -> tuple[list[tree.ColumnDefinition], list[tree.ConstraintDefinition]]:
        """Columns and constraints in parentheses."""
        self.symbol("(")
        columns: list[tree.ColumnDefinition] = []
        constraints: list[tree.ConstraintDefinition] = []
        while True:
            if self.at(*CONSTRAINTS):
                constraints.append(self.constraint(""))
            elif self.at("INDEX", "PERIOD"):
                raise Refused(f"{self.token.upper} inside CREATE TABLE")
            else:
                columns.append(self.column())
            if not self.take_symbol(",") or self.at_symbol(")"):
                break
        self.symbol(")")
        return columns, constraints

    def text_in_parentheses(self) -> str:
        """The SQL of an expression or condition in parentheses, as it stands there."""
        start = self.token.start
        self.symbol("(")
        depth = 1
        while depth:
            token = self.advance()
            if token.kind is Kind.END:
                raise self.unexpected()
            if token.kind is Kind.SYMBOL:
                depth += {"(": 1, ")": -1}.get(token.text, 0)
        return self.sql[start : self.peek(-1).end]

    def column(self) -> tree.ColumnDefinition:
        """One column."""
        name = self.name()
        if self.take("AS"):
            column = tree.ColumnDefinition(name, None, computed=self.computed_text())
            column.persisted = self.take("PERSISTED")
            if column.persisted and self.take("NOT"):
                self.expect("NULL")
                column.nullable = False
            return column
        if self.at("TIMESTAMP", "ROWVERSION"):
            type_ = self.type()
        elif name.lower() == "timestamp" and (self.at_symbol(",") or self.at_symbol(")")):
            type_ = SqlType("timestamp")
        else:
            type_ = self.declared_type()
        column = tree.ColumnDefinition(name, type_, constraints=[])
        assert column.constraints is not None
        while True:
            constraint_name = ""
            if self.take("CONSTRAINT"):
                constraint_name = self.name()
            if self.take("NOT"):
                self.expect("NULL")
                column.nullable = False
            elif self.take("NULL"):
                column.nullable = True
            elif self.take("COLLATE"):
                column.collation = self.collation()
            elif self.take("IDENTITY"):
                column.identity = self.identity()
            elif self.take("ROWGUIDCOL") or self.take("SPARSE"):
                pass
            elif self.take("DEFAULT"):
                column.default, column.default_name = self.default_text(), constraint_name
            elif self.at("PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "FOREIGN"):
                column.constraints.append(self.constraint(name, constraint_name))
            elif constraint_name:
                raise self.unexpected()
            else:
                return column

    def computed_text(self) -> str:
        """The SQL of an expression, in parentheses if it has none."""
        index, start = self.index, self.token.start
        whole = self.text_in_parentheses() if self.at_symbol("(") else ""
        self.index = index
        self.expression()
        text = self.sql[start : self.peek(-1).end]
        return text if text == whole else f"({text})"

    def default_text(self) -> str:
        """The SQL of a default: in parentheses, or a constant or function without them."""
        if self.at_symbol("("):
            return self.text_in_parentheses()
        start = self.token.start
        self.unary()
        return self.sql[start : self.peek(-1).end]

    def identity(self) -> tuple[int, int]:
        """IDENTITY(seed, increment)."""
        if not self.take_symbol("("):
            return 1, 1
        seed = self.integer()
        self.symbol(",")
        increment = self.integer()
        self.symbol(")")
        return seed, increment

    def integer(self) -> int:
        """A whole number with its sign."""
        sign = -1 if self.take_symbol("-") else 1
        token = self.advance()
        if token.kind is not Kind.INTEGER:
            raise self.unexpected(token)
        return sign * int(token.text)

    def constraint(self, column: str, name: str = "") -> tree.ConstraintDefinition:
        """A constraint of a table, or of `column`."""
        if not name and self.take("CONSTRAINT"):
            name = self.name()
        found = tree.ConstraintDefinition("", name, (column,) if column else ())
        if self.at("PRIMARY", "UNIQUE"):
            found.kind = "UNIQUE"
            if self.advance().upper == "PRIMARY":
                self.expect("KEY")
                found.kind = "PRIMARY KEY"
            if self.at("CLUSTERED", "NONCLUSTERED"):
                self.advance()
            if not column:
                found.columns = self.key_columns()
            found.ignores_duplicates = self.storage()
            return found
        if self.take("CHECK"):
            found.kind, found.check, found.column = "CHECK", self.text_in_parentheses(), column
            found.columns = ()
            return found
        if self.take("DEFAULT"):
            found.kind, found.check = "DEFAULT", self.default_text()
            self.expect("FOR")
            found.columns = (self.name(),)
            return found
        if self.take("FOREIGN"):
            self.expect("KEY")
            if self.at_symbol("("):
                found.columns = self.key_columns()
        self.expect("REFERENCES")
        found.kind, found.references = "FOREIGN KEY", self.parts()
        if self.at_symbol("("):
            found.referenced = self.key_columns()
        while self.take("ON"):
            event = self.one_of("DELETE", "UPDATE")
            action = self.one_of("CASCADE", "SET", "NO")
            if action == "SET":
                action = "SET " + self.one_of("NULL", "DEFAULT")
            elif action == "NO":
                self.expect("ACTION")
            if event == "UPDATE" and action != "NO":
                raise Refused("ON UPDATE " + action)
            if action == "SET DEFAULT":
                raise Refused("ON DELETE SET DEFAULT")
            if event == "DELETE":
                found.on_delete = {"NO": "NO_ACTION", "SET NULL": "SET_NULL"}.get(action, action)
        return found

    def module(self, line: int, start: int, *, replace: bool) -> tree.Statement:
        """CREATE VIEW, CREATE PROCEDURE."""
        kind = "VIEW" if self.advance().upper == "VIEW" else "PROCEDURE"
        name = self.parts()
        columns: list[str] = []
        parameters: list[tree.ParameterDefinition] = []
        bound = False
        if kind == "VIEW":
            columns = self.names_in_parentheses() if self.at_symbol("(") else []
            if self.take("WITH"):
                while True:
                    bound |= self.one_of("SCHEMABINDING", "VIEW_METADATA", "ENCRYPTION") == "SCHEMABINDING"
                    if not self.take_symbol(","):
                        break
            self.expect("AS")
            query = self.query()
            if self.take("WITH"):
                raise Refused("views WITH CHECK OPTION")
            self.take_symbol(";")
            if self.token.kind is not Kind.END:
                raise self.unexpected()
            return tree.CreateModule(line, kind, name, self.sql[start:], columns, query, [], [], replace, bound)
        parenthesized = self.take_symbol("(")
        if self.token.kind is Kind.VARIABLE:
            parameters = self.parameter_definitions()
        if parenthesized:
            self.symbol(")")
        if self.at("WITH"):
            raise Refused("procedures WITH options")
        self.expect("AS")
        body: list[tree.Statement] = []
        while True:
            while self.take_symbol(";"):
                pass
            if self.token.kind is Kind.END:
                break
            body.append(self.statement())
        return tree.CreateModule(line, kind, name, self.sql[start:], [], None, parameters, body, replace)

    def parameter_definitions(self) -> list[tree.ParameterDefinition]:
        """@a int, @b nvarchar(10) = N'x' OUTPUT."""
        found: list[tree.ParameterDefinition] = []
        while True:
            token = self.advance()
            if token.kind is not Kind.VARIABLE:
                raise self.unexpected(token)
            self.take("AS")
            parameter = tree.ParameterDefinition(token.text, self.declared_type())
            if self.take_symbol("="):
                parameter.default = self.unary()
            if self.at("OUT", "OUTPUT"):
                self.advance()
                parameter.output = True
            if self.take("READONLY"):
                raise Refused("table-valued parameters")
            found.append(parameter)
            if not self.take_symbol(","):
                return found

    def alter(self, line: int) -> tree.Statement:
        """ALTER TABLE, ALTER VIEW, ALTER PROCEDURE, ALTER DATABASE."""
        start = self.token.start
        self.expect("ALTER")
        if self.at("VIEW", "PROCEDURE", "PROC"):
            return self.module(line, start, replace=True)
        if self.take("DATABASE"):
            name = "" if self.take("CURRENT") else self.name()
            self.expect("SET")
            options: list[str] = []
            while self.token.kind is not Kind.END and not self.at_symbol(";"):
                options.append(self.advance().text.upper())
            return tree.AlterDatabase(line, name, options)
        self.expect("TABLE")
        table = self.parts()
        if self.take("WITH"):
            self.one_of("CHECK", "NOCHECK")
        if self.take("ADD"):
            columns: list[tree.ColumnDefinition] = []
            constraints: list[tree.ConstraintDefinition] = []
            while True:
                if self.at(*CONSTRAINTS, "DEFAULT"):
                    constraints.append(self.constraint(""))
                else:
                    columns.append(self.column())
                if not self.take_symbol(","):
                    return tree.AlterTable(line, table, "ADD", columns, constraints, [])
        if self.take("DROP"):
            action = "DROP COLUMN" if self.take("COLUMN") else "DROP CONSTRAINT"
            if action == "DROP CONSTRAINT":
                self.take("CONSTRAINT")
            if self.take("IF"):
                raise Refused("ALTER TABLE ... DROP ... IF EXISTS")
            names = [self.name()]
            while self.take_symbol(","):
                names.append(self.name())
            return tree.AlterTable(line, table, action, [], [], names)
        if self.take("ALTER"):
            self.expect("COLUMN")
            return tree.AlterTable(line, table, "ALTER COLUMN", [self.column()], [], [])
        raise Refused(f"ALTER TABLE ... {self.token.text}")

    def drop(self, line: int) -> tree.Statement:
        """DROP."""
        self.expect("DROP")
        kind = self.one_of("TABLE", "VIEW", "PROCEDURE", "PROC", "INDEX", "SYNONYM", "SCHEMA", "DATABASE")
        if_exists = False
        if self.take("IF"):
            self.expect("EXISTS")
            if_exists = True
        names: list[tree.Parts] = []
        while True:
            parts = self.parts()
            if kind == "INDEX":
                self.expect("ON")
                parts = (*self.parts(), parts[-1])
            names.append(parts)
            if not self.take_symbol(","):
                return tree.Drop(line, "PROCEDURE" if kind == "PROC" else kind, names, if_exists)

    def truncate(self, line: int) -> tree.Statement:
        """TRUNCATE TABLE."""
        self.expect("TRUNCATE")
        self.expect("TABLE")
        return tree.Truncate(line, self.parts())

    def insert_bulk(self, line: int) -> tree.Statement:
        """INSERT BULK t (columns) WITH (options)."""
        table = self.parts()
        self.symbol("(")
        columns: list[tree.ColumnDefinition] = []
        while True:
            name = self.name()
            if self.token.upper == "UDT":
                raise Refused("INSERT BULK of CLR types")
            columns.append(tree.ColumnDefinition(name, self.declared_type()))
            if self.take("COLLATE"):
                columns[-1].collation = self.collation()
            if not self.take_symbol(","):
                break
        self.symbol(")")
        options: list[str] = []
        if self.take("WITH"):
            self.symbol("(")
            while not self.take_symbol(")"):
                if self.take("ORDER"):
                    self.key_columns()
                elif self.at("CHECK_CONSTRAINTS", "FIRE_TRIGGERS", "KEEP_NULLS", "TABLOCK"):
                    options.append(self.advance().upper)
                elif self.at("ROWS_PER_BATCH", "KILOBYTES_PER_BATCH"):
                    self.advance()
                    self.symbol("=")
                    self.advance()
                else:
                    raise self.unexpected()
                self.take_symbol(",")
        return tree.InsertBulk(line, table, columns, options)
