// SPDX-License-Identifier: Apache-2.0
// The tables that say what a stack file may hold. One row per key drives everything that is known
// about it: what it may be (shape), how files override one another (merge), what it becomes in the
// model (decode), which names are near (unknown keys), and its line of documentation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/counts.h"
#include "spec/tree.h"

namespace stack::spec {

struct Schema;
struct Shaping;
struct Where;

/// What a value may be, and the one form it has after shaping.
enum class Form : std::uint8_t {
  any,            ///< left as it is
  text,           ///< text only: a number must be quoted
  loose_text,     ///< text, number or boolean; becomes text
  boolean,        ///< also as text, after interpolation
  integer,        ///< also as text
  number,         ///< also as text
  size,           ///< "512m" or bytes; becomes text of the bytes
  signed_size,    ///< the same, or -1
  duration,       ///< "1m30s"; becomes text in one spelling
  mode,           ///< 0440; becomes text, octal
  path,           ///< text; becomes absolute
  command,        ///< text (split as a shell does) or list; nothing stays nothing
  texts,          ///< list of text
  text_or_texts,  ///< text or list; becomes list
  loose_texts,    ///< list of text or numbers; becomes text
  text_map,       ///< mapping or list of K=V; becomes mapping; no value becomes ""
  environment,    ///< the same; no value stays nothing
  options,        ///< mapping only; its values become text
  object,         ///< mapping with the keys of `schema`
  map_of,         ///< mapping of any keys to `element`
  list_of,        ///< list of `element`
};

/// Rewrites a value in place, reporting what is wrong with it.
using Rewrite = void (*)(Node& node, const Where& where, Shaping& shaping);

/// Short forms beside the one that a Form has.
inline constexpr std::uint8_t kAlsoText = 1;
inline constexpr std::uint8_t kAlsoNumber = 2;
inline constexpr std::uint8_t kAlsoTexts = 4;
inline constexpr std::uint8_t kAlsoMapping = 8;

struct Type {
  Form form = Form::any;
  const Schema* schema = nullptr;
  const Type* element = nullptr;  ///< map_of, list_of; object: what a scalar may be instead
  Rewrite expand = nullptr;       ///< short form to long form, before the form is checked
  Rewrite refine = nullptr;       ///< checks and canonical spelling, after it
  std::span<const std::string_view> choices = {};
  bool has_more_choices = false;  ///< others, and none, may be said: they only do not run
  std::uint8_t also = 0;          ///< short forms that `expand` takes: kAlso..., for editors
  bool may_be_null = false;
  bool is_set = false;  ///< a list in which nothing may stand twice, files merged
  bool prints_zero =
      false;  ///< `stack config` shows false too: saying it differs from not saying it
  /// How long a text that cannot be read counts, or a name that is none (map_of).
  Counts counts = Counts::by_file;
};

/// How a later file's value goes over an earlier one.
enum class Merge : std::uint8_t {
  deep,      ///< mappings by key, lists one after the other, scalars replaced unless null
  replace,   ///< as a whole, even by null
  unique,    ///< lists: appended unless the text before "=" is there already
  distinct,  ///< lists: appended unless exactly the same is there
  keyed,     ///< lists: an item replaces the one with the same identity, in its place
  refined,   ///< lists: as the later file has it, but its items keep what the earlier ones of the
             ///< same identity say besides
  driver,    ///< logging: options merge only when the driver is the same
};

/// What makes two items of a list the same thing.
using Identity = std::string (*)(const Node& item);
/// Puts a shaped value into its member of the model.
using Assign = void (*)(void* object, const Node& value);
/// A value of the model that needs no words of its own to be compared and shown.
using PlainValue =
    std::variant<bool, std::int64_t, std::uint64_t, double, std::string, std::vector<std::string>>;
/// The member's value, or nothing when it says nothing (empty, unset, false) or is not plain.
using Tell = std::optional<PlainValue> (*)(const void* object);

/// The row's member in the model: into<&Service::image> (decode.h), or only an Assign. Without one
/// the key is known, but has no effect yet.
struct Binding {
  Assign assign = nullptr;
  Tell tell = nullptr;  ///< set where another value makes the container another

  constexpr Binding(Assign to = nullptr, Tell from = nullptr) : assign(to), tell(from) {}
};

/// What it means that a key has no effect yet.
enum class Lack : std::uint8_t {
  harmless,  ///< a warning: the stack runs, with less than was asked for
  harmful,   ///< an error: running without it would be wrong
  none,      ///< it has: who heeds it reads it from the tree
  moot,      ///< it is about other machines than this one: docker compose says nothing of it either
};

struct Field {
  std::string_view key;
  const Type* type;
  std::string_view doc;
  Binding member = nullptr;
  Merge merge = Merge::deep;
  Identity identity = nullptr;
  Lack lack = Lack::harmless;
};

struct Schema {
  std::string_view noun;  ///< "service"
  std::span<const Field> fields;
  std::span<const std::string_view> required = {};  ///< keys that must be there after merging

  const Field* find(std::string_view key) const;
};

extern const Schema kProjectSchema;
extern const Schema kServiceSchema;
extern const Schema kNetworkSchema;
extern const Schema kSubnetSchema;
extern const Schema kVolumeSchema;
extern const Schema kConfigSchema;
extern const Schema kSecretSchema;
extern const Schema kBuildSchema;
extern const Schema kDeploySchema;
extern const Schema kDevelopSchema;
extern const Schema kHealthcheckSchema;
extern const Schema kIncludeSchema;
extern const Schema kModelSchema;
extern const Schema kBlkioSchema;
extern const Schema kHookSchema;
extern const Schema kPreStartSchema;
extern const Schema kGpuSchema;

/// Forms that need no more than their name.
inline constexpr Type kAny{.form = Form::any, .may_be_null = true};
inline constexpr Type kText{.form = Form::text};
inline constexpr Type kLooseText{.form = Form::loose_text};
inline constexpr Type kBoolean{.form = Form::boolean, .counts = Counts::always};
inline constexpr Type kSwitch{.form = Form::boolean, .prints_zero = true, .counts = Counts::always};
inline constexpr Type kInteger{.form = Form::integer, .counts = Counts::always};
inline constexpr Type kNumber{.form = Form::number, .counts = Counts::always};
/// Those that docker compose leaves as text where it replaces variables.
inline constexpr Type kLateBoolean{.form = Form::boolean, .counts = Counts::if_merged};
inline constexpr Type kLateInteger{.form = Form::integer, .counts = Counts::if_merged};
inline constexpr Type kLateNumber{.form = Form::number, .counts = Counts::if_merged};
inline constexpr Type kSize{.form = Form::size, .counts = Counts::if_merged};
inline constexpr Type kSignedSize{.form = Form::signed_size, .counts = Counts::if_merged};
inline constexpr Type kDuration{.form = Form::duration, .counts = Counts::if_merged};
inline constexpr Type kMode{.form = Form::mode, .counts = Counts::if_merged};
inline constexpr Type kPath{.form = Form::path};
inline constexpr Type kCommand{.form = Form::command, .may_be_null = true};
inline constexpr Type kTexts{.form = Form::texts};
inline constexpr Type kTextSet{.form = Form::texts, .is_set = true};
inline constexpr Type kTextOrTexts{.form = Form::text_or_texts};
inline constexpr Type kLooseTexts{.form = Form::loose_texts};
inline constexpr Type kTextMap{.form = Form::text_map};
inline constexpr Type kOptions{.form = Form::options};
inline constexpr Type kEnvironment{.form = Form::environment};

}  // namespace stack::spec
