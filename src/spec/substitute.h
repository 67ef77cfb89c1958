// SPDX-License-Identifier: Apache-2.0
// ${VARIABLE} in one text: the grammar alone, without trees or places. Stack files and env files
// share it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace stack::spec {

/// What a substitution met that its caller should tell the user. Offsets count bytes of the whole
/// text and point at the `$`.
struct SubstitutionEvent {
  enum class Kind {
    unset,      ///< no value and no default: became empty
    required,   ///< ${NAME:?message} without a value
    malformed,  ///< "${" that is not a variable
    unclosed,   ///< "${" without its "}"
    too_deep,   ///< defaults nested more than kMaxSubstitutionDepth
  } kind = Kind::unset;
  std::string name;
  std::string message;  ///< of ${NAME:?message}, expanded
  std::size_t offset = 0;
  std::size_t length = 0;  ///< of the whole expression
};

inline constexpr int kMaxSubstitutionDepth = 50;
/// What all variables of one env file, or of one stack file, may become together.
inline constexpr std::size_t kMaxExpandedBytes = std::size_t{16} << 20;
class ExpansionBudget {
 public:
  /// A value as it may be used: none at all once the budget is spent.
  std::string take(const std::string& value) {
    bytes_ += value.size();
    return is_spent() ? std::string() : value;
  }
  bool is_spent() const { return bytes_ > kMaxExpandedBytes; }

 private:
  std::size_t bytes_ = 0;
};

using Lookup = std::function<std::optional<std::string>(std::string_view name)>;
using OnEvent = std::function<void(const SubstitutionEvent&)>;

/// `text` with $NAME, ${NAME} and the operators :- - :? ? :+ + replaced; $$ becomes $; values are
/// not expanded again. A `$` before anything else stays.
std::string substitute(std::string_view text, const Lookup& lookup, const OnEvent& on_event);

/// One use of a variable, as it is written.
struct VariableExpression {
  std::string_view name;
  char symbol = ' ';          ///< '-', '?' or '+' with or without a colon; ' ' without an operator
  std::string_view argument;  ///< behind the operator, unexpanded
};
/// Every well-formed use in `text`; those inside of arguments are left to the caller.
void for_each_variable(std::string_view text,
                       const std::function<void(const VariableExpression&)>& found);

}  // namespace stack::spec
