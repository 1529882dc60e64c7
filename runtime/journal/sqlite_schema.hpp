#pragma once

#include <span>

namespace troupe::sqlite {

class connection;

/// The scripts that bring a database from one schema version to the next; the version of a database (user_version) is
/// the number of scripts that ran. Never change one that was released: add another.
std::span<const char* const> schema_steps();

/// Brings the database to the newest version, in one transaction. Throws a failure when it is newer than that, or when
/// it is the database of another program.
void migrate(connection& db, std::span<const char* const> steps);

} // namespace troupe::sqlite
