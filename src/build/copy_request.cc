// SPDX-License-Identifier: Apache-2.0
#include "build/copy_request.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "build/downloads.h"
#include "build/owners.h"
#include "build/run_mounts.h"
#include "image/digest.h"
#include "image/store_writer.h"

namespace stack::build {
namespace {

/// A place for the content of a here-document.
struct DocumentSource {
  ScratchDirectory scratch;
  FileSource source;

  explicit DocumentSource(const image::StorePaths& paths) : scratch(image::begin_layer(paths)) {
    source.root = open_file(scratch.path(), O_RDONLY | O_DIRECTORY);
    source.name = "here-document";
  }
};

class Reader {
 public:
  Reader(BuildJob& job, const Stage& stage, const StageState& state, const Instruction& step)
      : job_(job), stage_(stage), state_(state), step_(step), lookup_(variables_of(state)) {}

  CopyRequest read() {
    read_flags();
    std::vector<std::string> words;
    for (const std::string& word : step_.words)
      words.push_back(expand_word(word, lookup_, job_.file.escape));
    read_destination(words);
    words.pop_back();
    // As BuildKit: documents come last, and win over files of their names.
    for (std::size_t i = 0; i < words.size(); ++i)
      if (!is_document(step_.words[i])) read_source(words[i]);
    for (const std::string& word : step_.words)
      if (is_document(word)) add_document(*heredoc_start(word));
    request_.history = history(words);
    return std::move(request_);
  }

 private:
  std::string expanded(const char* flag) const {
    const InstructionFlag* found = step_.flag(flag);
    return found == nullptr ? "" : expand_word(found->value, lookup_, job_.file.escape);
  }
  bool is_set(const char* flag) const {
    const InstructionFlag* found = step_.flag(flag);
    return found != nullptr && found->value != "false";
  }

  void read_flags() {
    if (const std::string mode = expanded("chmod"); !mode.empty())
      during("--chmod", [&] { rules_.mode = ModeChange(mode); });
    if (const std::string owner = expanded("chown"); !owner.empty())
      during("--chown", [&] { rules_.owner = owner_of(owner); });
    // As BuildKit: sticky bits and their like are not for directories that have to be made.
    if (const auto mode = rules_.mode.number(); mode && *mode <= 0777)
      request_.task.directory_mode = *mode;
    request_.task.owner = rules_.owner.value_or(std::pair<uid_t, gid_t>{0, 0});
    parents_ = is_set("parents");
    std::vector<std::string> excluded;
    for (const std::string& pattern : step_.flag_values("exclude"))
      excluded.push_back(expand_word(pattern, lookup_, job_.file.escape));
    during("--exclude", [&] { rules_.excluded = exclusion(excluded); });
    checksum_ = expanded("checksum");
    find_files();
  }

  /// Sources may be here-documents alone: the context is opened when it is needed.
  void find_files() {
    const InstructionFlag* from = step_.flag("from");
    if (from == nullptr) return;
    const Origin origin = job_.origin_of(from->value, stage_);
    files_ = job_.files_of(origin);
    rules_.keeps_owner = !job_.is_directory(origin);
  }
  const std::shared_ptr<const FileSource>& files() {
    if (!files_) files_ = job_.context();
    return files_;
  }

  /// As BuildKit: what belongs to nobody the image knows belongs to root.
  Owner owner_of(const std::string& text) {
    if (const auto found = find_owner(job_.with.store, state_.diff_ids, text)) return *found;
    job_.with.report.warn(problem_text(
        job_.file.name,
        {step_.at, fmt::format("the image has no user or group {}", stack::quoted(text)),
         "what is copied belongs to root"}));
    return {0, 0};
  }

  void read_destination(const std::vector<std::string>& words) {
    const std::string& text = words.back();
    const std::string base = state_.config.working_dir.empty() ? "/" : state_.config.working_dir;
    CopyTask& task = request_.task;
    task.destination = absolute_inside(base, text);
    task.into_directory = text.empty() || text.ends_with('/') || text == "." ||
                          text.ends_with("/.") || task.destination == "/" || parents_;
    task.makes_destination = parents_;
  }

  bool is_document(const std::string& written) const {
    return !step_.heredocs.empty() && heredoc_start(written).has_value();
  }

  void read_source(const std::string& source) {
    if (step_.name == "ADD") {
      if (auto repository = parse_git_reference(source, ShortNames::are_paths))
        return add_repository(std::move(*repository));
      if (is_url(source)) return add_download(source);
    }
    if (!checksum_.empty()) fail("--checksum is for addresses, and {} is a path", source);
    const auto paths = match_paths(*files(), clean_relative(source),
                                   parents_ ? Stars::any_depth : Stars::one_name);
    // As BuildKit: a pattern that nothing matches brings nothing.
    if (paths.empty() && source.find_first_of("*?[") != std::string::npos) return;
    if (paths.empty())
      throw Error(fmt::format("no file matches {}", stack::quoted(source)), ENOENT);
    for (const std::string& path : paths) add_path(source, path);
  }

  void add_path(const std::string& source, const std::string& path) {
    const auto found = find_file(*files_, path);
    if (!found)
      throw Error(
          fmt::format("{}: {} not found{}", files_->name, stack::quoted(path.empty() ? "/" : path),
                      files_->ignore.ignores(path) ? ", it is left out by .dockerignore" : ""),
          0);
    CopyItem item;
    item.source = files_;
    item.is_directory = S_ISDIR(found->info.st_mode);
    item.keeps_path = parents_;
    item.name = parents_ ? kept_path(source, path) : path.substr(path.rfind('/') + 1);
    item.is_archive = step_.name == "ADD" && !(step_.flag("unpack") && !is_set("unpack")) &&
                      is_archive(*files_, *found);
    if (item.is_archive && !rules_.mode.is_none())
      job_.with.report.warn(problem_text(
          job_.file.name, {step_.at, fmt::format("--chmod has no effect on what is in {}", source),
                           "its files have modes of their own"}));
    item.has_owner = rules_.owner.has_value();
    add_to_plan(*files_, *found, "", rules_, item.plan);
    request_.task.items.push_back(std::move(item));
  }

  void check_checksum_alone() const {
    if (!checksum_.empty() && step_.words.size() > 2)
      fail("--checksum is of one source, and there are {}", step_.words.size() - 1);
  }

  /// What is in its top directory, as COPY brings that of a context.
  void add_repository(GitReference repository) {
    check_checksum_alone();
    if (!checksum_.empty()) {
      const std::string checksum = during("--checksum", [&] { return git_checksum(checksum_); });
      if (!repository.checksum.empty() && repository.checksum != checksum)
        fail("--checksum says {} and the address {}", checksum, repository.checksum);
      repository.checksum = checksum;
    }
    const bool keeps = is_set("keep-git-dir");
    if (step_.flag("keep-git-dir") != nullptr && repository.keeps_git_dir.value_or(keeps) != keeps)
      fail("--keep-git-dir and the address disagree");
    const bool keeps_git_dir = repository.keeps_git_dir.value_or(keeps);
    CopyItem item;
    item.source = job_.check_out({std::move(repository), keeps_git_dir});
    item.is_directory = true;
    const auto found = find_file(*item.source, "");
    if (!found) fail("{} is gone", item.source->name);
    add_to_plan(*item.source, *found, "", rules_, item.plan);
    request_.task.items.push_back(std::move(item));
  }

  void add_download(const std::string& url) {
    check_checksum_alone();
    if (!checksum_.empty() && !image::is_digest(checksum_))
      fail("invalid --checksum {}: sha256: and 64 digits", stack::quoted(checksum_));
    const Download file = job_.download(url, checksum_);
    if (file.name.empty() && request_.task.into_directory)
      throw Error(fmt::format("{} names no file", url))
          .with_hint("give the destination a file's name, without a / at its end");
    const auto found = find_file(*file.source, file.file);
    if (!found) fail("the download of {} is gone", url);
    CopyItem item;
    item.source = file.source;
    item.name = file.name;
    item.is_archive = is_set("unpack") && is_archive(*file.source, *found);
    add_to_plan(*file.source, *found, "", rules_, item.plan);
    request_.task.items.push_back(std::move(item));
  }

  /// A file whose content stands in the Dockerfile.
  void add_document(const HeredocStart& start) {
    const auto document =
        std::find_if(step_.heredocs.begin(), step_.heredocs.end(),
                     [&](const Heredoc& each) { return each.name == start.name; });
    if (document == step_.heredocs.end()) fail("no here-document {}", start.name);
    const auto documents = std::make_shared<DocumentSource>(job_.with.store);
    const std::shared_ptr<const FileSource> source(documents, &documents->source);
    const std::string content =
        document->expands ? expand_document(document->content, lookup_) : document->content;
    const Fd file(::openat(source->root.get(), start.name.c_str(),
                           O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) throw_errno("make a file for {}", start.name);
    write_all(file.get(), content);
    if (::fchmod(file.get(), 0644) != 0) throw_errno("chmod");
    CopyItem item;
    item.name = start.name;
    const auto found = find_file(*source, start.name);
    if (!found) fail("here-document {} is gone", start.name);
    item.source = source;
    add_to_plan(*source, *found, "", rules_, item.plan);
    request_.task.items.push_back(std::move(item));
  }

  std::string history(const std::vector<std::string>& sources) const {
    std::string text = step_.name;
    for (const std::string& source : sources) text += fmt::format(" {}", source);
    return fmt::format("{} {}", text, step_.words.back());
  }

  BuildJob& job_;
  const Stage& stage_;
  const StageState& state_;
  const Instruction& step_;
  Lookup lookup_;
  CopyRules rules_;
  bool parents_ = false;
  std::string checksum_;
  std::shared_ptr<const FileSource> files_;
  CopyRequest request_;
};

}  // namespace

CopyRequest copy_request(BuildJob& job, const Stage& stage, const StageState& state,
                         const Instruction& instruction) {
  return Reader(job, stage, state, instruction).read();
}

}  // namespace stack::build
