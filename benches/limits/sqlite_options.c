/* sqlite_options: version and compile options of the SQLite that the limits stand on, one a line. */
#include "sqlite.h"

int main(void) {
    puts(sqlite3_libversion());
    const char *option;
    for (int i = 0; (option = sqlite3_compileoption_get(i)) != NULL; i++) puts(option);
}
