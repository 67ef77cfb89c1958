// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/desired_files.h"

#include "base/text.h"

namespace stack::orchestrator {
namespace {

constexpr std::uint32_t usual_mode = 0444;

std::uint32_t owner(const std::string& text) {
  return parse_integer<std::uint32_t>(text).value_or(0);
}

/// The text of an object that is not a file's; nothing when the variable is not set.
std::optional<std::string> own_text(const spec::Project& project, const spec::FileObject& object) {
  if (object.content) return object.content;
  const auto variable = project.variables.find(object.environment);
  if (object.environment.empty() || variable == project.variables.end()) return std::nullopt;
  return variable->second;
}

class Collector {
 public:
  Collector(const spec::Project& project, const HostFiles& files)
      : project_(project), files_(files) {}

  void add(const std::vector<spec::FileReference>& references,
           const std::map<std::string, spec::FileObject>& objects, Confidential confidential) {
    for (const auto& reference : references) {
      const auto object = objects.find(reference.source);
      if (object != objects.end() && !object->second.external)
        add(reference, object->second, confidential);
    }
  }

  std::vector<DesiredFile> take() { return std::move(desired_); }

 private:
  void add(const spec::FileReference& reference, const spec::FileObject& object,
           Confidential confidential) {
    DesiredFile file;
    file.key = reference.source;
    file.target = target_of(reference, confidential);
    file.uid = owner(reference.uid);
    file.gid = owner(reference.gid);
    file.mode = reference.mode.value_or(usual_mode);
    file.confidential = confidential;
    if (!object.file.empty()) {
      const auto source = files_.find(object.file);
      if (source == files_.end()) return;
      file.path = object.file;
      file.is_directory = source->second.is_directory;
      // docker compose binds the file: a program stays one.
      file.mode = reference.mode.value_or(usual_mode | source->second.execute_bits);
      file.hash = supervisor::hash_of_text(source->second.content);
    } else {
      file.content = own_text(project_, object).value_or("");
      file.hash = supervisor::hash_of_text(file.content);
    }
    desired_.push_back(std::move(file));
  }

  /// "key" is /key for a config and /run/secrets/key for a secret.
  static std::string target_of(const spec::FileReference& reference, Confidential confidential) {
    const std::string target = reference.target.empty() ? reference.source : reference.target;
    if (target.starts_with('/')) return target;
    return (confidential == Confidential::yes ? "/run/secrets/" : "/") + target;
  }

  const spec::Project& project_;
  const HostFiles& files_;
  std::vector<DesiredFile> desired_;
};

}  // namespace

std::vector<DesiredFile> desired_files(const spec::Project& project, const spec::Service& service,
                                       const HostFiles& files) {
  Collector collector(project, files);
  collector.add(service.configs, project.configs, Confidential::no);
  collector.add(service.secrets, project.secrets, Confidential::yes);
  return collector.take();
}

}  // namespace stack::orchestrator
