"""The parser's ground: a batch's tokens from front to back, and names of one or more of them."""

from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.lexer import Kind, Token, tokenize
from tests.tds.errors import Refused, SqlError


class Reader:
    """Reads tokens from front to back."""

    def __init__(self, sql: str) -> None:
        """`sql` is a whole batch."""
        self.sql = sql
        self.tokens = tokenize(sql)
        self.index = 0

    # Tokens

    @property
    def token(self) -> Token:
        """The next one."""
        return self.tokens[self.index]

    def peek(self, ahead: int) -> Token:
        """One further on."""
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Takes the next one."""
        token = self.tokens[self.index]
        if token.kind is not Kind.END:
            self.index += 1
        return token

    def unexpected(self, token: Token | None = None) -> SqlError:
        """The error that the next token makes: 156 for a keyword, 102 for anything else."""
        token = token or self.token
        if token.kind is Kind.END and self.tokens[:-1]:
            token = self.tokens[-2]
        if token.reserved:
            text, number = f"Incorrect syntax near the keyword '{token.text}'.", 156
        else:
            text, number = f"Incorrect syntax near '{token.text}'.", 102
        return SqlError(number, text, 15, line=token.line, ends="batch")

    def at(self, *words: str) -> bool:
        """Whether the next token is one of these words."""
        return self.token.upper in words

    def take(self, word: str) -> bool:
        """Takes this word if it comes next."""
        if self.token.upper == word:
            self.index += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Takes this word, which has to come."""
        if not self.take(word):
            raise self.unexpected()

    def one_of(self, *words: str) -> str:
        """Takes one of these words."""
        if not self.at(*words):
            raise self.unexpected()
        return self.advance().upper

    def at_symbol(self, symbol: str) -> bool:
        """Whether this symbol comes next."""
        return self.token.kind is Kind.SYMBOL and self.token.text == symbol

    def take_symbol(self, symbol: str) -> bool:
        """Takes this symbol if it comes next."""
        if self.at_symbol(symbol):
            self.index += 1
            return True
        return False

    def symbol(self, symbol: str) -> None:
        """Takes this symbol, which has to come."""
        if not self.take_symbol(symbol):
            raise self.unexpected()

    # Names

    def name(self) -> str:
        """One name."""
        token = self.token
        if token.kind is Kind.QUOTED or (token.kind is Kind.WORD and not token.reserved):
            if not token.text:
                raise SqlError(1038, "An object or column name is missing or empty.", 15, line=token.line, ends="batch")
            if len(token.text) > 128:
                raise SqlError(
                    103,
                    f"The identifier that starts with '{token.text[:128]}' is too long. Maximum length is 128.",
                    15,
                    line=token.line,
                    ends="batch",
                )
            self.index += 1
            return token.text
        raise self.unexpected()

    def parts(self) -> tree.Parts:
        """A name of up to four parts; `db..t` leaves one out."""
        found = [self.name()]
        while self.take_symbol("."):
            found.append("" if self.at_symbol(".") else self.name())
        if len(found) > 3:
            raise Refused("names of another server")
        return tuple(found)

    def names_in_parentheses(self) -> list[str]:
        """(a, b, c)."""
        self.symbol("(")
        found = [self.name()]
        while self.take_symbol(","):
            found.append(self.name())
        self.symbol(")")
        return found
