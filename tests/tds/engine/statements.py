"""The parser's upper half: statements and batches."""

from __future__ import annotations

from collections.abc import Callable

from tests.tds.engine import tree
from tests.tds.engine.definitions import DefinitionParser
from tests.tds.engine.lexer import Kind
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType

OPTIONS = frozenset(
    [
        "NOCOUNT",
        "XACT_ABORT",
        "ANSI_NULLS",
        "ANSI_PADDING",
        "ANSI_WARNINGS",
        "ARITHABORT",
        "CONCAT_NULL_YIELDS_NULL",
        "QUOTED_IDENTIFIER",
        "ANSI_NULL_DFLT_ON",
        "ANSI_DEFAULTS",
        "IMPLICIT_TRANSACTIONS",
        "CURSOR_CLOSE_ON_COMMIT",
        "NUMERIC_ROUNDABORT",
        "FMTONLY",
        "NOEXEC",
        "PARSEONLY",
    ]
)
VALUED = frozenset(["TEXTSIZE", "LOCK_TIMEOUT", "ROWCOUNT", "DATEFORMAT", "DATEFIRST", "LANGUAGE", "DEADLOCK_PRIORITY"])


NOT_HERE = frozenset(
    ["BACKUP", "BULK", "CHECKPOINT", "CLOSE", "DBCC", "DEALLOCATE", "DENY", "FETCH", "GOTO", "GRANT", "KILL", "MERGE",
     "OPEN", "READTEXT", "RECONFIGURE", "RESTORE", "REVERT", "REVOKE", "SETUSER", "SHUTDOWN", "UPDATETEXT", "WRITETEXT"]
)  # fmt: skip
"""What statements begin with that this server does not run."""


class Parser(DefinitionParser):
    """Whole batches."""

    def batch(self) -> list[tree.Statement]:
        """All statements.

        Raises:
            SqlError: a syntax error: nothing of the batch runs.
        """
        found: list[tree.Statement] = []
        first = True
        while True:
            while self.take_symbol(";"):
                pass
            if self.token.kind is Kind.END:
                return found
            if first and self.token.kind in {Kind.WORD, Kind.QUOTED} and not self.starts_a_statement():
                found.append(self.execute_arguments(self.token.line))
            else:
                found.append(self.statement())
            first = False

    def starts_a_statement(self) -> bool:
        """Whether the next word is no procedure's name."""
        return self.token.reserved or self.token.upper in {"THROW", "MERGE"}

    def statements_until(self, *words: str) -> list[tree.Statement]:
        """Statements up to one of these words."""
        found: list[tree.Statement] = []
        while True:
            while self.take_symbol(";"):
                pass
            if self.at(*words):
                return found
            if self.token.kind is Kind.END:
                raise self.unexpected()
            found.append(self.statement())

    def statement(self) -> tree.Statement:
        """One statement."""
        line = self.token.line
        word = self.token.upper
        handlers: dict[str, Callable[[int], tree.Statement]] = {
            "SELECT": self.select_statement,
            "WITH": self.with_statement,
            "INSERT": lambda line: self.insert(line, []),
            "UPDATE": lambda line: self.update(line, []),
            "DELETE": lambda line: self.delete(line, []),
            "CREATE": self.create,
            "ALTER": self.alter,
            "DROP": self.drop,
            "TRUNCATE": self.truncate,
            "BEGIN": self.begin,
            "COMMIT": self.end_transaction,
            "ROLLBACK": self.end_transaction,
            "SAVE": self.end_transaction,
            "DECLARE": self.declare,
            "SET": self.set,
            "IF": self.if_,
            "WHILE": self.while_,
            "PRINT": self.print,
            "RAISERROR": self.raiserror,
            "THROW": self.throw,
            "WAITFOR": self.waitfor,
            "USE": self.use,
            "EXEC": self.execute,
            "EXECUTE": self.execute,
            "RETURN": self.leave,
            "BREAK": self.leave,
            "CONTINUE": self.leave,
        }
        handler = handlers.get(word)
        if handler is None:
            if word in NOT_HERE:
                raise Refused(word)
            if self.at_symbol("{"):
                raise Refused("ODBC escapes in braces")
            if self.at_symbol("("):
                return self.select_statement(line)
            raise self.unexpected()
        return handler(line)

    def select_statement(self, line: int) -> tree.Statement:
        """SELECT."""
        return tree.SelectStatement(line, self.query())

    def with_statement(self, line: int) -> tree.Statement:
        """WITH before SELECT, INSERT, UPDATE or DELETE."""
        if self.index and self.peek(-1).text != ";" and self.peek(-1).upper not in {"BEGIN", "ELSE", "AS"}:
            raise SqlError(
                319,
                "Incorrect syntax near the keyword 'with'. If this statement is a common table expression, an "
                "xmlnamespaces clause or a change tracking context clause, the previous statement must be terminated "
                "with a semicolon.",
                15,
                line=line,
                ends="batch",
            )
        ctes = self.ctes()
        if self.at("INSERT"):
            return self.insert(line, ctes)
        if self.at("UPDATE"):
            return self.update(line, ctes)
        if self.at("DELETE"):
            return self.delete(line, ctes)
        if self.at("MERGE"):
            raise Refused("MERGE")
        return tree.SelectStatement(line, self.query_after(ctes))

    # Changes of rows

    def output(self) -> tree.Output | None:
        """OUTPUT ... [INTO ...]."""
        if not self.take("OUTPUT"):
            return None
        items = [self.item()]
        while self.take_symbol(","):
            items.append(self.item())
        if self.take("INTO"):
            into = (self.advance().text,) if self.token.kind is Kind.VARIABLE else self.parts()
            columns = self.names_in_parentheses() if self.at_symbol("(") else None
            return tree.Output(items, into, columns)
        return tree.Output(items)

    def target(self) -> tree.Parts:
        """The table of a change."""
        if self.token.kind is Kind.VARIABLE:
            return (self.advance().text,)
        parts = self.parts()
        self.hints()
        return parts

    def insert(self, line: int, ctes: list[tree.Cte]) -> tree.Statement:
        """INSERT, INSERT BULK."""
        self.expect("INSERT")
        if self.take("BULK"):
            return self.insert_bulk(line)
        top = self.top()
        self.take("INTO")
        table = self.target()
        columns = self.names_in_parentheses() if self.at_symbol("(") and self.peek(1).upper != "SELECT" else []
        self.hints()
        output = self.output()
        source: tree.Query | tree.Execute | None = None
        if self.take("DEFAULT"):
            self.expect("VALUES")
        elif self.at("VALUES"):
            source = tree.Query(self.insert_values(), [], [])
        elif self.at("EXEC", "EXECUTE"):
            source = self.execute(line)
        else:
            source = self.query()
        return tree.Insert(line, table, columns, source, output, ctes, top)

    def insert_values(self) -> tree.Values:
        """VALUES, where DEFAULT is a value as well."""
        self.expect("VALUES")
        rows: list[list[tree.Expr]] = []
        while True:
            self.symbol("(")
            row: list[tree.Expr] = []
            while True:
                row.append(tree.Call("DEFAULT", []) if self.take("DEFAULT") else self.expression())
                if not self.take_symbol(","):
                    break
            self.symbol(")")
            rows.append(row)
            if not self.take_symbol(","):
                break
        if len(rows) > 1000:
            raise SqlError(
                10738,
                "The number of row value expressions in the INSERT statement exceeds the maximum allowed number "
                "of 1000 row values.",
                15,
                line=self.token.line,
                ends="batch",
            )
        return tree.Values(rows)

    def update(self, line: int, ctes: list[tree.Cte]) -> tree.Statement:
        """UPDATE."""
        self.expect("UPDATE")
        if self.at("STATISTICS"):
            raise Refused("UPDATE STATISTICS")
        top = self.top()
        table = self.target()
        self.expect("SET")
        assignments: list[tuple[str, str, tree.Expr]] = []
        while True:
            variable = column = ""
            if self.token.kind is Kind.VARIABLE:
                variable = self.advance().text
                self.symbol("=")
                if self.token.kind in {Kind.WORD, Kind.QUOTED} and self.peek(1).text == "=":
                    column = self.name()
                    self.symbol("=")
            else:
                column = self.parts()[-1]
                if self.token.text in {"+=", "-=", "*=", "/=", "%="} and self.token.kind is Kind.SYMBOL:
                    operator = self.advance().text[0]
                    value: tree.Expr = tree.Binary(operator, tree.Name((column,)), self.expression())
                    assignments.append(("", column, value))
                    if not self.take_symbol(","):
                        break
                    continue
                self.symbol("=")
            value = tree.Call("DEFAULT", []) if self.take("DEFAULT") else self.expression()
            assignments.append((variable, column, value))
            if not self.take_symbol(","):
                break
        output = self.output()
        source = self.sources() if self.take("FROM") else None
        where = self.condition() if self.take("WHERE") else None
        self.options()
        return tree.Update(line, table, assignments, source, where, output, ctes, top)

    def delete(self, line: int, ctes: list[tree.Cte]) -> tree.Statement:
        """DELETE."""
        self.expect("DELETE")
        top = self.top()
        self.take("FROM")
        table = self.target()
        output = self.output()
        source = self.sources() if self.take("FROM") else None
        where = self.condition() if self.take("WHERE") else None
        self.options()
        return tree.Delete(line, table, source, where, output, ctes, top)

    # Control

    def begin(self, line: int) -> tree.Statement:
        """BEGIN TRAN, BEGIN TRY, BEGIN ... END."""
        self.expect("BEGIN")
        if self.at("TRAN", "TRANSACTION"):
            self.advance()
            return tree.Transaction(line, "BEGIN", self.transaction_name())
        if self.at("DISTRIBUTED", "DIALOG", "CONVERSATION", "ATOMIC"):
            raise Refused(f"BEGIN {self.token.upper}")
        if self.take("TRY"):
            body = self.statements_until("END")
            self.expect("END")
            self.expect("TRY")
            self.take_symbol(";")
            self.expect("BEGIN")
            self.expect("CATCH")
            handler = self.statements_until("END")
            self.expect("END")
            self.expect("CATCH")
            return tree.Try(line, body, handler)
        body = self.statements_until("END")
        self.expect("END")
        if not body:
            raise self.unexpected(self.peek(-1))
        return tree.Block(line, body)

    def transaction_name(self) -> str:
        """The name of a transaction or savepoint, if there is one."""
        token = self.token
        if token.kind is Kind.QUOTED or (token.kind is Kind.WORD and not token.reserved and token.upper != "THROW"):
            name = self.name()
            if len(name) > 32:
                raise SqlError(
                    103,
                    f"The identifier that starts with '{name[:32]}' is too long. Maximum length is 32.",
                    15,
                    line=token.line,
                    ends="batch",
                )
            return name
        if token.kind is Kind.VARIABLE:
            raise Refused("names of transactions in variables")
        return ""

    def end_transaction(self, line: int) -> tree.Statement:
        """COMMIT, ROLLBACK, SAVE."""
        verb = self.advance().upper
        if self.at("TRAN", "TRANSACTION", "WORK"):
            self.advance()
        elif verb == "SAVE":
            raise self.unexpected()
        return tree.Transaction(line, verb, self.transaction_name())

    def declare(self, line: int) -> tree.Statement:
        """DECLARE @x int = 1, @y ...; DECLARE @t TABLE (...)."""
        self.expect("DECLARE")
        variables: list[tuple[str, SqlType, tree.Expr | None]] = []
        while True:
            if self.token.kind is not Kind.VARIABLE:
                if self.peek(1).upper == "CURSOR":
                    raise Refused("cursors")
                raise self.unexpected()
            name = self.advance().text
            self.take("AS")
            if self.take("TABLE"):
                columns, constraints = self.table_body()
                return tree.DeclareTable(line, name, columns, constraints)
            type_ = self.declared_type()
            value = self.expression() if self.take_symbol("=") else None
            variables.append((name, type_, value))
            if not self.take_symbol(","):
                return tree.Declare(line, variables)

    def set(self, line: int) -> tree.Statement:
        """SET @x = 1, SET option ON."""
        self.expect("SET")
        if self.token.kind is Kind.VARIABLE:
            name = self.advance().text
            if self.token.text in {"+=", "-=", "*=", "/=", "%="}:
                operator = self.advance().text[0]
                return tree.SetVariable(line, name, tree.Binary(operator, tree.Variable(name), self.expression()))
            self.symbol("=")
            return tree.SetVariable(line, name, self.expression())
        if self.take("TRANSACTION"):
            self.expect("ISOLATION")
            self.expect("LEVEL")
            level = self.one_of("READ", "REPEATABLE", "SERIALIZABLE", "SNAPSHOT")
            if level == "READ":
                level += " " + self.one_of("COMMITTED", "UNCOMMITTED")
            elif level == "REPEATABLE":
                self.expect("READ")
                level += " READ"
            return tree.SetOption(line, "ISOLATION", level)
        if self.take("IDENTITY_INSERT"):
            table = self.parts()
            return tree.SetOption(line, "IDENTITY_INSERT", self.one_of("ON", "OFF"), table)
        options = [self.advance().upper]
        while self.take_symbol(","):
            options.append(self.advance().upper)
        if options[0] in VALUED:
            minus = "-" if self.take_symbol("-") else ""
            return tree.SetOption(line, options[0], minus + self.advance().text)
        if not set(options) <= OPTIONS:
            raise Refused(f"SET {', '.join(options)}")
        return tree.SetOption(line, ",".join(options), self.one_of("ON", "OFF"))

    def branch(self) -> list[tree.Statement]:
        """What IF, ELSE and WHILE run."""
        while self.take_symbol(";"):
            pass
        statement = self.statement()
        return statement.body if isinstance(statement, tree.Block) else [statement]

    def if_(self, line: int) -> tree.Statement:
        """IF."""
        self.expect("IF")
        condition = self.condition()
        then = self.branch()
        start = self.index
        while self.take_symbol(";"):
            pass
        if self.take("ELSE"):
            return tree.If(line, condition, then, self.branch())
        self.index = start
        return tree.If(line, condition, then, [])

    def while_(self, line: int) -> tree.Statement:
        """WHILE."""
        self.expect("WHILE")
        condition = self.condition()
        return tree.While(line, condition, self.branch())

    def print(self, line: int) -> tree.Statement:
        """PRINT."""
        self.expect("PRINT")
        return tree.Print(line, self.expression())

    def raiserror(self, line: int) -> tree.Statement:
        """RAISERROR (message, level, state, ...)."""
        self.expect("RAISERROR")
        self.symbol("(")
        arguments = self.expressions()
        self.symbol(")")
        if self.take("WITH") and self.one_of("NOWAIT", "LOG", "SETERROR") != "NOWAIT":
            raise Refused("RAISERROR WITH LOG and SETERROR")
        if len(arguments) < 3:
            raise self.unexpected()
        return tree.Raise(line, arguments[0], arguments[1], arguments[2], arguments[3:])

    def throw(self, line: int) -> tree.Statement:
        """THROW; THROW number, message, state."""
        self.expect("THROW")
        if self.token.kind in {Kind.INTEGER, Kind.VARIABLE}:
            arguments = self.expressions()
            if len(arguments) != 3:
                raise self.unexpected()
            return tree.Throw(line, arguments)
        return tree.Throw(line, [])

    def waitfor(self, line: int) -> tree.Statement:
        """WAITFOR DELAY '00:00:01'."""
        self.expect("WAITFOR")
        if not self.take("DELAY"):
            raise Refused("WAITFOR TIME")
        return tree.WaitFor(line, self.expression())

    def use(self, line: int) -> tree.Statement:
        """USE."""
        self.expect("USE")
        return tree.Use(line, self.name())

    def leave(self, line: int) -> tree.Statement:
        """RETURN, BREAK, CONTINUE."""
        verb = self.advance().upper
        value = None
        if verb == "RETURN" and (self.token.kind in {Kind.INTEGER, Kind.VARIABLE} or self.at_symbol("-")):
            value = self.expression()
        return tree.Leave(line, verb, value)

    def execute(self, line: int) -> tree.Execute:
        """EXEC p, EXEC @status = p ..., EXEC ('text')."""
        self.advance()
        if self.take_symbol("("):
            text = self.expression()
            self.symbol(")")
            return tree.Execute(line, (), [], text=text)
        status = ""
        if self.token.kind is Kind.VARIABLE and self.peek(1).text == "=":
            status = self.advance().text
            self.advance()
        return self.execute_arguments(line, status)

    def execute_arguments(self, line: int, status: str = "") -> tree.Execute:
        """A procedure and its arguments."""
        procedure = self.parts()
        arguments: list[tree.Argument] = []
        if self.at_an_argument():
            while True:
                arguments.append(self.argument())
                if not self.take_symbol(","):
                    break
        return tree.Execute(line, procedure, arguments, status)

    def at_an_argument(self) -> bool:
        """Whether an argument follows."""
        token = self.token
        if token.kind in {Kind.END, Kind.SYMBOL}:
            return token.text == "-"
        return not token.reserved or token.upper in {"NULL", "DEFAULT"}

    def argument(self) -> tree.Argument:
        """@a = 1, @x OUTPUT, a name without quotes."""
        name = ""
        if self.token.kind is Kind.VARIABLE and self.peek(1).text == "=":
            name = self.advance().text
            self.advance()
        if self.take("DEFAULT"):
            return tree.Argument(name, None, output=False)
        if self.token.kind is Kind.WORD and not self.token.reserved:
            text = self.advance().text
            return tree.Argument(name, tree.Literal(text, SqlType("nvarchar", len(text))), output=False)
        value = self.unary()
        output = False
        if self.at("OUT", "OUTPUT"):
            self.advance()
            output = True
        return tree.Argument(name, value, output)
