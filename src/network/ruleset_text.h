// SPDX-License-Identifier: Apache-2.0
// The grammar of nft(8), as far as our rulesets need it.
#pragma once

#include <string>
#include <vector>

namespace stack::network {

using Lines = std::vector<std::string>;

/// The name of an interface as nft wants it.
std::string quote(const std::string& name);
/// A named set or map; nft has no empty braces, so without elements the line is left out.
std::string collection(const std::string& heading, const std::string& type, const Lines& elements);
/// The same for "typeof ..." in the place of "type ...".
std::string declared(const std::string& heading, const std::string& declaration,
                     const Lines& elements);
std::string chain(const std::string& name, const Lines& lines);
std::string new_table(const std::string& name, const std::string& content);
/// Deletes the table; one that is missing is fine.
std::string without(const std::string& table);
/// Replaces the table whole.
std::string table(const std::string& name, const std::string& content);

}  // namespace stack::network
