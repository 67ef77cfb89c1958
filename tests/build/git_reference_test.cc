// SPDX-License-Identifier: Apache-2.0
// Addresses of git repositories, and which commit a server's list of refs makes of them.
#include "build/git_reference.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "build/git_program.h"

namespace stack::build {
namespace {

const std::string sha(40, 'a');
const std::string other(40, 'b');

/// "REMOTE ref=... subdir=...", or what is wrong with it.
std::string read(const std::string& text, ShortNames names = ShortNames::are_paths) {
  try {
    const auto found = parse_git_reference(text, names);
    if (!found) return "none";
    std::string result = found->remote;
    if (!found->ref.empty()) result += " ref=" + found->ref;
    if (!found->subdir.empty()) result += " subdir=" + found->subdir;
    if (!found->checksum.empty()) result += " commit=" + found->checksum;
    if (found->keeps_git_dir) result += *found->keeps_git_dir ? " keep" : " drop";
    if (!found->has_submodules) result += " alone";
    if (found->has_commit_time) result += " dated";
    return result;
  } catch (const Error& error) {
    return fmt::format("error: {}", error.message());
  }
}

struct Row {
  std::string text;
  std::string meaning;
};

TEST(BuildGit, AnAddressIsOneOfARepositoryByItsSchemeOrItsEnd) {
  const std::vector<Row> rows = {
      {"https://h.example/a/b.git", "https://h.example/a/b.git"},
      {"http://h.example/b.git", "http://h.example/b.git"},
      {"HTTPS://h.example/b.git", "https://h.example/b.git"},
      {"https://h.example/b", "none"},
      {"https://h.example/b.git/raw/Dockerfile", "none"},
      {"https://h.example/b.tar.gz#x.git", "none"},
      {"git://h.example/b", "git://h.example/b"},
      {"ssh://git@h.example:2222/b", "ssh://git@h.example:2222/b"},
      {"git@h.example:a/b", "git@h.example:a/b"},
      {"some-one@h.example:b.git#v1", "some-one@h.example:b.git ref=v1"},
      {"git@h.example/b", "none"},
      {"file:///srv/b.git", "none"},
      {"ext::sh -c id", "none"},
      {"./git@h.example:b", "none"},
      {"dir/file.git", "none"},
      {"git", "none"},
      {"", "none"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.text), row.meaning) << row.text;
}

TEST(BuildGit, AShortNameIsARepositoryForContextsAlone) {
  EXPECT_EQ(read("github.com/a/b#v1:d", ShortNames::are_repositories),
            "https://github.com/a/b ref=v1 subdir=d");
  EXPECT_EQ(read("github.com/a/b#v1:d"), "none");
}

TEST(BuildGit, AFragmentNamesARefAndASubdirectory) {
  const std::string at = "https://h.example/b.git";
  const std::vector<Row> rows = {
      {"#main", " ref=main"},
      {"#feature/x:docs", " ref=feature/x subdir=docs"},
      {"#:docs/api/", " subdir=docs/api"},
      {"#v1:", " ref=v1"},
      {"#v1:/a/../../b", " ref=v1 subdir=b"},
      {"#" + sha, " ref=" + sha},
      {"#", ""},
      {"?", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(read(at + row.text), at + row.meaning) << row.text;
}

TEST(BuildGit, AQueryNamesThemToo) {
  const std::string at = "https://h.example/b.git";
  const std::vector<Row> rows = {
      {"?branch=main", " ref=refs/heads/main"},
      {"?branch=refs/heads/main", " ref=refs/heads/main"},
      {"?tag=v1&subdir=docs", " ref=refs/tags/v1 subdir=docs"},
      {"?ref=pull/42/head", " ref=pull/42/head"},
      {"?ref=a%2Fb", " ref=a/b"},
      {"?commit=ABC123", " commit=abc123"},
      {"?checksum=abc123&tag=v1", " ref=refs/tags/v1 commit=abc123"},
      {"?keep-git-dir", " keep"},
      {"?keep-git-dir=0&submodules=false", " drop alone"},
      {"?submodules=1&mtime=checkout", ""},
      {"?mtime=commit", " dated"},
      {"?branch=main&fetch-by-commit&commit=" + sha, " ref=" + sha + " commit=" + sha},
      {"?ref=v1#v1:docs", " ref=v1 subdir=docs"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(at + row.text), at + row.meaning) << row.text;
  EXPECT_EQ(read("git@h.example:b?tag=v1#:docs"), "git@h.example:b ref=refs/tags/v1 subdir=docs");
}

TEST(BuildGit, WhatDoesNotAgreeIsAnError) {
  const std::string at = "https://h.example/b.git";
  const std::vector<Row> rows = {
      {"?tag=v1&branch=main", "it names two refs: \"refs/tags/v1\" and \"refs/heads/main\""},
      {"?ref=v2#v1", "it names two refs: \"v1\" and \"v2\""},
      {"?subdir=a#:b", "it names two subdirectories: \"b\" and \"a\""},
      {"?branch=a&branch=b", "\"branch\" is there twice in \"branch=a&branch=b\""},
      {"?branch=", "branch= has no value"},
      {"?depth=3", "a git address knows no \"depth\""},
      {"?commit=main", "invalid checksum \"main\" of a commit"},
      {"?submodules=maybe", "invalid submodules \"maybe\": true or false"},
      {"?mtime=now", "invalid mtime \"now\": commit or checkout"},
      {"?ref=%2", "\"%2\" has a % without two digits"},
      {"?fetch-by-commit=1&commit=abc", "fetch-by-commit needs commit= with all digits"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(at + row.text), "error: " + row.meaning) << row.text;
}

TEST(BuildGit, NothingIsTakenForAnOption) {
  for (const char* text :
       {"https://h.example/b.git#--upload-pack=id", "https://h.example/b.git?ref=-x",
        "ssh://-oProxyCommand=id/b", "git@-oProxyCommand=id:b", "git@h.example:-b",
        "ssh://-u@h.example/b", "git://h.example", "ssh:///b", "https://h.example/b.git#a\nb"})
    EXPECT_TRUE(read(text).starts_with("error: ") || read(text) == "none") << read(text);
  EXPECT_EQ(read("https://h.example/b.git#-x"), "error: invalid git ref \"-x\"");
}

TEST(BuildGit, PasswordsAreNotShown) {
  const auto shown = [](const char* text) {
    return parse_git_reference(text, ShortNames::are_paths)->shown;
  };
  EXPECT_EQ(shown("https://me:word@h.example/b.git?tag=v1#:d"),
            "https://xxxxx@h.example/b.git?tag=v1#:d");
  EXPECT_EQ(shown("https://token@h.example/b.git"), "https://xxxxx@h.example/b.git");
  EXPECT_EQ(shown("ssh://git@h.example/b"), "ssh://git@h.example/b");
  EXPECT_EQ(shown("git@h.example:b#v1"), "git@h.example:b#v1");
}

const std::vector<std::string> answer = {
    "Warning: Permanently added 'h.example' to the list of known hosts.",
    "ref: refs/heads/main\tHEAD",
    sha + "\tHEAD",
    sha + "\trefs/heads/main",
    other + "\trefs/heads/team/main",
    sha + "\trefs/heads/v1",
    std::string(40, 'c') + "\trefs/tags/v1",
    std::string(40, 'd') + "\trefs/tags/v2",
    other + "\trefs/tags/v2^{}",
    other + "\trefs/pull/7/head",
};

TEST(BuildGit, ARefIsABranchBeforeItIsATag) {
  EXPECT_EQ(find_ref(answer, "").ref, "refs/heads/main");
  EXPECT_EQ(find_ref(answer, "").commit, sha);
  EXPECT_EQ(find_ref(answer, "main").commit, sha);
  EXPECT_EQ(find_ref(answer, "v1").ref, "refs/heads/v1");
  EXPECT_EQ(find_ref(answer, "refs/tags/v1").commit, std::string(40, 'c'));
  EXPECT_EQ(find_ref(answer, "pull/7/head").ref, "refs/pull/7/head");
  EXPECT_THROW(find_ref(answer, "mai"), Error);
  EXPECT_THROW(find_ref({}, ""), Error);
  EXPECT_EQ(find_ref({sha + "\tHEAD"}, "").ref, "HEAD");
}

TEST(BuildGit, AnAnnotatedTagIsItsCommit) {
  const GitCommit found = find_ref(answer, "v2");
  EXPECT_EQ(found.object, std::string(40, 'd'));
  EXPECT_EQ(found.commit, other);
  EXPECT_NO_THROW(check_commit(found, ""));
  EXPECT_NO_THROW(check_commit(found, "bbbb"));
  EXPECT_NO_THROW(check_commit(found, "dddd"));
  EXPECT_THROW(check_commit(found, "aaaa"), Error);
}

TEST(BuildGit, OnlyAllDigitsAreACommit) {
  EXPECT_TRUE(is_commit(sha));
  EXPECT_TRUE(is_commit(std::string(64, '0')));
  EXPECT_FALSE(is_commit(std::string(40, 'A')));
  EXPECT_FALSE(is_commit(sha.substr(1)));
}

TEST(BuildGit, ItsErrorsAreToldWithACure) {
  EXPECT_EQ(git_complaint({"remote: Counting objects: 3", "fatal: no such thing"}),
            "Counting objects: 3; no such thing");
  EXPECT_EQ(git_complaint({"warning: x", "hint: y", ""}), "");
  std::vector<std::string> many(20, "noise");
  many.push_back("fatal: it");
  EXPECT_EQ(git_complaint(many), "it");
  EXPECT_NE(git_cure("git@h: Permission denied (publickey).").find("--ssh default"),
            std::string::npos);
  EXPECT_NE(git_cure("could not read Username for 'https://h'").find("GIT_AUTH_TOKEN"),
            std::string::npos);
  EXPECT_EQ(git_cure("anything"), "");
}

}  // namespace
}  // namespace stack::build
