// SPDX-License-Identifier: Apache-2.0
#include "build/git_reference.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "base/truth.h"
#include "build/ignore.h"

namespace stack::build {
namespace {

constexpr std::string_view short_host = "github.com/";

/// An address in its parts, as they were written.
struct Address {
  std::string scheme;  ///< empty: "user@host:path"
  std::string user;    ///< with password
  std::string host;    ///< with port
  std::string path;
  std::string query;
  std::string fragment;
};

std::string cut_off(std::string& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return "";
  std::string rest = text.substr(at + 1);
  text.resize(at);
  return rest;
}

bool has_only(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

/// "https://user:word@host:port/path".
std::optional<Address> parse_url(const std::string& text) {
  const std::size_t end = text.find("://");
  if (end == std::string::npos || !has_only(text.substr(0, end), "")) return std::nullopt;
  Address address;
  address.scheme = to_lower(text.substr(0, end));
  std::string rest = text.substr(end + 3);
  address.fragment = cut_off(rest, '#');
  address.query = cut_off(rest, '?');
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  address.path = rest.substr(slash);
  address.host = rest.substr(0, slash);
  const std::size_t at = address.host.rfind('@');
  if (at != std::string::npos) {
    address.user = address.host.substr(0, at);
    address.host.erase(0, at + 1);
  }
  return address;
}

/// "git@host:path", as scp has it.
std::optional<Address> parse_scp(const std::string& text) {
  std::string rest = text;
  Address address;
  address.fragment = cut_off(rest, '#');
  address.query = cut_off(rest, '?');
  const std::size_t at = rest.find('@');
  const std::size_t colon = rest.find(':');
  if (at == std::string::npos || colon == std::string::npos || colon < at) return std::nullopt;
  address.user = rest.substr(0, at);
  address.host = rest.substr(at + 1, colon - at - 1);
  address.path = rest.substr(colon + 1);
  if (!has_only(address.user, "-_") || !has_only(address.host, "-.")) return std::nullopt;
  return address;
}

std::optional<Address> parse_address(const std::string& text, ShortNames short_names) {
  if (short_names == ShortNames::are_repositories && text.starts_with(short_host))
    return parse_url("https://" + text);
  auto address = parse_url(text);
  if (!address) return text.find("://") == std::string::npos ? parse_scp(text) : std::nullopt;
  const bool is_web = address->scheme == "http" || address->scheme == "https";
  if (is_web && address->path.ends_with(".git")) return address;
  if (address->scheme == "ssh" || address->scheme == "git") return address;
  return std::nullopt;
}

std::string joined(const Address& address, const std::string& user) {
  const std::string at = user.empty() ? "" : user + "@";
  if (address.scheme.empty()) return fmt::format("{}{}:{}", at, address.host, address.path);
  return fmt::format("{}://{}{}{}", address.scheme, at, address.host, address.path);
}

/// A name alone is no secret; of a web address even that may be a token.
bool has_secret(const Address& address) {
  if (address.user.empty()) return false;
  return address.scheme.starts_with("http") || address.user.find(':') != std::string::npos;
}

/// "a%20b+c" as "a b c".
std::string decoded(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto byte = from_hex(std::string_view(text).substr(i + 1, 2));
      if (!byte || byte->size() != 1) fail("{} has a % without two digits", stack::quoted(text));
      result += *byte;
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

std::map<std::string, std::string> parse_query(const std::string& query) {
  std::map<std::string, std::string> values;
  for (const std::string& part : split(query, '&')) {
    if (part.empty()) continue;
    std::string key = part;
    const std::string value = decoded(cut_off(key, '='));
    if (!values.emplace(decoded(key), value).second)
      fail("{} is there twice in {}", stack::quoted(decoded(key)), stack::quoted(query));
  }
  return values;
}

bool truth_of(const std::string& key, const std::string& value) {
  if (value.empty()) return true;
  const auto truth = parse_truth(value);
  if (!truth) fail("invalid {} {}: true or false", key, stack::quoted(value));
  return *truth;
}

class QueryReader {
 public:
  QueryReader(const std::string& query, GitReference& into)
      : values_(parse_query(query)), into_(into) {}

  void read() {
    for (const char* key : {"ref", "tag", "branch", "subdir", "mtime", "commit", "checksum"})
      if (values_.contains(key) && values_.at(key).empty()) fail("{}= has no value", key);
    take_ref("ref", "");
    take_ref("tag", "refs/tags/");
    take_ref("branch", "refs/heads/");
    if (const auto subdir = take("subdir"))
      agree(into_.subdir, clean_relative(*subdir), "subdirectories");
    for (const char* key : {"commit", "checksum"})
      if (const auto checksum = take(key))
        agree(into_.checksum, git_checksum(*checksum), "commits");
    if (const auto keep = take("keep-git-dir"))
      into_.keeps_git_dir = truth_of("keep-git-dir", *keep);
    if (const auto with = take("submodules")) into_.has_submodules = truth_of("submodules", *with);
    if (const auto time = take("mtime")) read_time(*time);
    if (const auto by = take("fetch-by-commit"); by && truth_of("fetch-by-commit", *by))
      fetch_by_commit();
    if (!values_.empty())
      throw Error(fmt::format("a git address knows no {}", stack::quoted(values_.begin()->first)))
          .with_hint(
              "ref, tag, branch, commit, subdir, submodules, keep-git-dir, mtime, fetch-by-commit");
  }

 private:
  std::optional<std::string> take(const char* key) {
    const auto node = values_.extract(key);
    return node ? std::optional(node.mapped()) : std::nullopt;
  }

  static void agree(std::string& place, const std::string& value, const char* what) {
    if (!place.empty() && place != value)
      fail("it names two {}: {} and {}", what, stack::quoted(place), stack::quoted(value));
    place = value;
  }

  void take_ref(const char* key, const std::string& prefix) {
    const auto value = take(key);
    if (value) agree(into_.ref, value->starts_with(prefix) ? *value : prefix + *value, "refs");
  }

  void read_time(const std::string& value) {
    if (value != "commit" && value != "checkout")
      fail("invalid mtime {}: commit or checkout", stack::quoted(value));
    into_.has_commit_time = value == "commit";
  }

  void fetch_by_commit() {
    if (!is_commit(into_.checksum) && !is_commit(into_.ref))
      fail("fetch-by-commit needs commit= with all digits");
    if (is_commit(into_.checksum)) into_.ref = into_.checksum;
  }

  std::map<std::string, std::string> values_;
  GitReference& into_;
};

/// What git or ssh could take for an option, and what no address has.
void check(const Address& address, const GitReference& reference) {
  const auto is_strange = [](const std::string& text) {
    return text.starts_with('-') || std::any_of(text.begin(), text.end(), [](unsigned char c) {
             return c < ' ' || c == 127;
           });
  };
  if (address.host.empty() || address.path.empty() || is_strange(address.host) ||
      is_strange(address.path) || is_strange(address.user))
    fail("{} is no address of a repository", printable(reference.shown));
  if (is_strange(reference.ref)) fail("invalid git ref {}", stack::quoted(reference.ref));
}

}  // namespace

std::optional<GitReference> parse_git_reference(const std::string& text, ShortNames short_names) {
  const auto address = parse_address(text, short_names);
  if (!address) return std::nullopt;
  GitReference reference;
  reference.remote = joined(*address, address->user);
  if (has_secret(*address)) reference.secret = address->user;
  reference.shown = joined(*address, reference.secret.empty() ? address->user : "xxxxx");
  if (!address->query.empty()) reference.shown += "?" + address->query;
  if (!address->fragment.empty()) reference.shown += "#" + address->fragment;
  reference.host = address->host;
  reference.is_ssh = address->scheme.empty() || address->scheme == "ssh";
  during(printable(reference.shown), [&] {
    std::string ref = address->fragment;
    reference.subdir = clean_relative(cut_off(ref, ':'));
    reference.ref = ref;
    QueryReader(address->query, reference).read();
    check(*address, reference);
  });
  return reference;
}

bool is_commit(const std::string& ref) {
  return (ref.size() == 40 || ref.size() == 64) &&
         ref.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string git_checksum(const std::string& text) {
  const std::string digits = to_lower(text);
  if (digits.empty() || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(fmt::format("invalid checksum {} of a commit", stack::quoted(text)))
        .with_hint("the digits that `git rev-parse` prints");
  return digits;
}

std::vector<std::string> refs_to_ask_for(const std::string& ref) {
  if (ref.empty()) return {"HEAD"};
  return {ref, ref + "^{}"};
}

namespace {

/// Names and digits of an answer; what else git or ssh has to say is none.
std::map<std::string, std::string> read_answer(const std::vector<std::string>& answer) {
  std::map<std::string, std::string> refs;
  for (std::string line : answer) {
    const std::string name = cut_off(line, '\t');
    if (is_commit(line)) refs.emplace(name, line);
  }
  return refs;
}

/// The branch that HEAD is.
std::string default_branch(const std::vector<std::string>& answer) {
  constexpr std::string_view mark = "ref: ";
  for (std::string line : answer) {
    const std::string name = cut_off(line, '\t');
    if (name == "HEAD" && line.starts_with(mark)) return line.substr(mark.size());
  }
  return "HEAD";  // simple web servers do not say
}

std::string without(const std::string& prefix, const std::string& ref) {
  return ref.starts_with(prefix) ? ref.substr(prefix.size()) : ref;
}

}  // namespace

GitCommit find_ref(const std::vector<std::string>& answer, const std::string& ref) {
  const auto refs = read_answer(answer);
  if (ref.empty()) {
    const auto head = refs.find("HEAD");
    if (head == refs.end())
      throw Error("the repository has no default branch").with_hint("name a branch: #NAME");
    return {default_branch(answer), head->second, head->second};
  }
  for (const std::string& name :
       {"refs/" + without("refs/", ref), "refs/heads/" + without("refs/heads/", ref),
        "refs/tags/" + without("refs/tags/", ref)}) {
    const auto found = refs.find(name);
    if (found == refs.end()) continue;
    const auto peeled = refs.find(name + "^{}");
    return {name, found->second, peeled == refs.end() ? found->second : peeled->second};
  }
  throw Error(fmt::format("the repository has no ref {}", stack::quoted(ref)))
      .with_hint("a branch, a tag, or all 40 digits of a commit");
}

void check_commit(const GitCommit& found, const std::string& checksum) {
  if (found.commit.starts_with(checksum) || found.object.starts_with(checksum)) return;
  throw Error(fmt::format("{} is commit {}, not {}", found.ref, found.commit, checksum))
      .with_hint("the ref has moved, or the checksum is wrong");
}

}  // namespace stack::build
