// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/host_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "runtime/seccomp_profile.h"

namespace stack::orchestrator {
namespace {

class Reader {
 public:
  Reader(const spec::Project& project, std::vector<Problem>& problems)
      : project_(project), problems_(problems) {}

  void read_objects(const std::vector<spec::FileReference>& references,
                    const std::map<std::string, spec::FileObject>& objects, const char* section) {
    for (const auto& reference : references) {
      const auto object = objects.find(reference.source);
      if (object == objects.end()) continue;
      const std::string place = fmt::format("{}.{}", section, reference.source);
      check_variable(object->second, reference.source, place, section);
      if (object->second.external) {
        add(fmt::format("{} is external: there is no store of {} here", place, section), place,
            "give it a file, or environment");
      } else if (!object->second.file.empty()) {
        read(object->second.file, place + ".file");
      }
    }
  }

  void check_variable(const spec::FileObject& object, const std::string& key,
                      const std::string& place, std::string_view section) {
    const std::string& variable = object.environment;
    if (variable.empty() || project_.variables.contains(variable) || !failed_.insert(place).second)
      return;
    const std::string_view noun = section.substr(0, section.size() - 1);
    add(fmt::format("environment variable \"{}\" required by {} \"{}\" is not set", variable, noun,
                    key),
        place + ".environment",
        fmt::format("export {}=..., or set it in .env; empty is a value, too", variable));
  }

  void read(const std::string& path, const std::string& place) {
    if (files_.contains(path) || failed_.contains(path)) return;
    try {
      files_[path] = contents(path);
    } catch (const Error& error) {
      failed_.insert(path);
      add(error.what(), place, "");
    }
  }

  /// A profile that means nothing is told before anything is made.
  void read_profile(const std::string& path, const std::string& place) {
    read(path, place);
    const auto file = files_.find(path);
    if (file == files_.end() || !checked_.insert(path).second) return;
    try {
      runtime::parse_seccomp_profile(file->second.content);
    } catch (const Error& error) {
      add(fmt::format("{}: {}", path, error.what()), place, error.hint());
    }
  }

  HostFiles take() { return std::move(files_); }

 private:
  /// O_NONBLOCK: it may be a FIFO.
  static HostFile contents(const std::string& path) {
    const Fd file = open_noted(path, O_RDONLY | O_NONBLOCK);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) throw_errno("stat {}", path);
    note_now(Question::kind, path);
    if (S_ISDIR(info.st_mode)) return {{}, true};
    if (!S_ISREG(info.st_mode)) fail("{} is neither a file nor a directory", path);
    if (static_cast<std::size_t>(info.st_size) > runtime::largest_file_content)
      fail("{} is larger than 1 MiB", path);
    note_now(Question::execute_bits, path);
    HostFile content{read_all(file.get()), false, info.st_mode & 0111U};
    note_content(path, content.content);
    return content;
  }

  void add(std::string message, const std::string& place, std::string hint) {
    problems_.push_back({std::move(message), project_.sources.find(place), std::move(hint)});
  }

  const spec::Project& project_;
  std::vector<Problem>& problems_;
  HostFiles files_;
  std::set<std::string> failed_;
  std::set<std::string> checked_;
};

}  // namespace

std::string seccomp_file(const spec::Project& project, const spec::Service& service) {
  const std::string& choice = service.security.seccomp;
  if (choice.empty() || choice == "unconfined" || choice == "builtin") return {};
  return (project.working_dir / choice).lexically_normal().native();
}

HostFiles read_host_files(const spec::Project& project, const std::set<std::string>& services,
                          std::vector<Problem>& problems) {
  Reader reader(project, problems);
  for (const auto& name : services) {
    const spec::Service& service = project.services.at(name);
    reader.read_objects(service.configs, project.configs, "configs");
    reader.read_objects(service.secrets, project.secrets, "secrets");
    if (const std::string file = seccomp_file(project, service); !file.empty())
      reader.read_profile(file, fmt::format("services.{}.security_opt", name));
  }
  return reader.take();
}

}  // namespace stack::orchestrator
