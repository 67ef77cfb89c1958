// SPDX-License-Identifier: Apache-2.0
// Honesty about the merged tree: keys without a value where one is needed, and keys that are known
// but have no effect yet.
#pragma once

namespace stack::spec {

class Reporter;
struct Node;

/// What a key that would be wrong to ignore is: refused where the project shall run, else a
/// warning.
enum class Unimplemented { refuse, warn };

/// Errors for values that are missing ("image:" with nothing behind it).
void check_values_present(const Node& root, Reporter& reporter);
/// A warning for each key without effect, a problem for each that is Lack::harmful.
void report_unimplemented(const Node& root, Reporter& reporter);

}  // namespace stack::spec
