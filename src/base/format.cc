// SPDX-License-Identifier: Apache-2.0
#include "base/format.h"

#include <fmt/format-inl.h>

// What fmt/format.h declares `extern` or leaves to its library, for the one kind of character that
// is used here.
namespace fmt {
inline namespace v9 {
namespace detail {

template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
template auto locale_ref::get<std::locale>() const -> std::locale;
template auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template void buffer<char>::append(const char*, const char*);
template void vformat_to(buffer<char>&, string_view,
                         basic_format_args<basic_format_context<appender, char>>, locale_ref);

}  // namespace detail
}  // namespace v9
}  // namespace fmt
