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

/// Of directories that have to be made: as BuildKit, whose umask counts for them.
mode_t mode_to_make(mode_t asked) {
  return asked & 0777 & ~mode_t{022};
}

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
      if (!is_document(step_.words[i])) sources_.push_back(words[i]);
    for (const std::string& source : sources_) read_source(source);
    std::size_t documents = 0;
    for (const std::string& word : step_.words)
      if (is_document(word)) add_document(*heredoc_start(word), documents++);
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
    if (const auto mode = rules_.mode.number()) request_.task.directory_mode = mode_to_make(*mode);
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

  Owner owner_of(const std::string& text) {
    const FoundOwner found = find_owner(job_.with.store, state_.diff_ids, text);
    if (found.is_known) return found.owner;
    if (state_.diff_ids.empty())
      throw Error(
          fmt::format("there are no files yet, and no user or group {}", stack::quoted(text)))
          .with_hint("give numbers");
    job_.with.report.warn(problem_text(
        job_.file.name,
        {step_.at, fmt::format("the image has no user or group {}", stack::quoted(text)),
         fmt::format("what is copied belongs to {}:{}", found.owner.first, found.owner.second)}));
    return found.owner;
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
    const auto fixed = paths.empty() ? fixed_part(clean_relative(source)) : std::nullopt;
    if (fixed && !parents_ && !may_match_nothing(*fixed))
      throw Error(fmt::format("{}: no file matches {}", files_->name, stack::quoted(source)),
                  ENOENT)
          .with_hint("a pattern may match nothing in a directory that is there anyway");
    for (const std::string& path : paths) add_path(source, path);
  }

  /// As BuildKit: of a pattern that nothing matches, what stands before the first wildcard must be
  /// there all the same.
  bool may_match_nothing(const std::string& fixed) const {
    if (fixed.empty()) return true;
    if (!find_file(*files_, fixed)) return false;
    return !files_->is_sent_in_part || is_brought_by_others(fixed);
  }

  /// Whether a source of this or of another instruction brings `directory`, or something in it.
  /// Variables of others are not known here: they might.
  bool is_brought_by_others(const std::string& directory) const {
    const auto brings = [&](const std::string& source) {
      return source.find('$') != std::string::npos || brings_part_of(source, directory);
    };
    if (std::any_of(sources_.begin(), sources_.end(), brings)) return true;
    for (const int number : job_.graph.order)
      for (const Instruction& each : job_.graph.stages[static_cast<std::size_t>(number)].steps)
        if (const auto sources = sources_of(each);
            std::any_of(sources.begin(), sources.end(), brings))
          return true;
    return false;
  }

  bool brings_part_of(const std::string& source, const std::string& directory) const {
    const auto is_in = [](const std::string& path, const std::string& top) {
      return top.empty() || path == top || path.starts_with(top + "/");
    };
    const auto paths = match_paths(*files_, clean_relative(source));
    return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
      return (is_in(directory, path) || is_in(path, directory)) && find_file(*files_, path);
    });
  }

  /// What another instruction takes from where this one does.
  std::vector<std::string> sources_of(const Instruction& other) const {
    const auto origin = [](const Instruction& instruction) {
      const InstructionFlag* from = instruction.flag("from");
      return from == nullptr ? "" : from->value;
    };
    std::vector<std::string> sources;
    if (other.name == "RUN") {
      // Such a mount may be of anything.
      for (const std::string& mount : other.flag_values("mount"))
        if (mount.find("type=") == std::string::npos || mount.find("bind") != std::string::npos)
          sources.push_back("$");
    } else if ((other.name == "COPY" || other.name == "ADD") && origin(other) == origin(step_)) {
      for (std::size_t i = 0; i + 1 < other.words.size(); ++i)
        if (other.heredocs.empty() || !heredoc_start(other.words[i]))
          sources.push_back(other.words[i]);
    }
    return sources;
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

  /// A file whose content stands in the Dockerfile; `number`: which of its here-documents.
  void add_document(const HeredocStart& start, std::size_t number) {
    if (number >= step_.heredocs.size()) fail("no here-document {}", start.name);
    const Heredoc& document = step_.heredocs[number];
    if (!is_file_name(start.name))
      throw Error(fmt::format("here-document {} cannot be a file", stack::quoted(start.name)))
          .with_hint("its name is that of the file: without a /");
    const auto documents = std::make_shared<DocumentSource>(job_.with.store);
    const std::shared_ptr<const FileSource> source(documents, &documents->source);
    const std::string content =
        document.expands ? expand_document(document.content, lookup_) : document.content;
    constexpr const char* file_name = "content";
    const Fd file(::openat(source->root.get(), file_name,
                           O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) throw_errno("make a file for {}", start.name);
    write_all(file.get(), content);
    if (::fchmod(file.get(), 0644) != 0) throw_errno("chmod");
    CopyItem item;
    item.name = start.name;
    const auto found = find_file(*source, file_name);
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
  std::vector<std::string> sources_;  ///< that are no here-documents
  std::shared_ptr<const FileSource> files_;
  CopyRequest request_;
};

}  // namespace

CopyRequest copy_request(BuildJob& job, const Stage& stage, const StageState& state,
                         const Instruction& instruction) {
  return Reader(job, stage, state, instruction).read();
}

}  // namespace stack::build
