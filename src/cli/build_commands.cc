// SPDX-License-Identifier: Apache-2.0
#include "cli/build_commands.h"

namespace stack::cli {
namespace {

Flag build_argument_flag() {
  return {"--build-arg", &Options::build_arguments, "Give an ARG its value", "NAME=VALUE"};
}
Flag no_cache_flag() {
  return {"--no-cache", &Options::no_cache, "Do every step again"};
}
Flag pull_flag() {
  return {"--pull", &Options::pull, "Fetch base images anew, where that can be"};
}
Flag ssh_flag() {
  return {"--ssh", &Options::ssh, "Let RUN --mount=type=ssh and git use an agent, or private keys",
          "default|ID=SOCKET|ID=KEY"};
}
Flag provenance_flag() {
  return {"--provenance", &Options::provenance, "Images get none: false", "BOOL"};
}
Flag sbom_flag() {
  return {"--sbom", &Options::sbom, "Images get none: false", "BOOL"};
}
Flag memory_flag() {
  return {"-m,--memory", &Options::memory, "The most memory that a step may use", "BYTES"};
}

}  // namespace

Command build_command() {
  return {"build",
          "Build the images of services from their Dockerfiles",
          "stack build --no-cache web",
          Positional::any,
          "SERVICE",
          {build_argument_flag(),
           no_cache_flag(),
           pull_flag(),
           ssh_flag(),
           memory_flag(),
           {"--with-dependencies", &Options::with_dependencies,
            "Build what the services depend on, too"},
           {"--print", &Options::print, "Print the builds as a bake file, and build nothing"},
           {"--check", &Options::check, "Only check the Dockerfiles"},
           {"-q,--quiet", &Options::quiet, "Print ids of images only"},
           {"--push", &Options::push, "Push the images that were built"},
           {"--builder", &Options::builder, "There is one: default", "NAME"},
           provenance_flag(),
           sbom_flag(),
           {"--compress", &Options::ignored, hidden},
           {"--force-rm", &Options::ignored, hidden},
           {"--no-rm", &Options::ignored, hidden},
           {"--parallel", &Options::ignored, hidden}},
          run_build};
}

Command image_build_command() {
  return {
      "image build",
      "Build an image from a Dockerfile (-f) and a context: a directory, a tar archive, a git "
      "repository, or -",
      "stack image build -t shop:1 .",
      Positional::one,
      "CONTEXT",
      {{"-f,--file", &Options::files, "Dockerfile, if it is not the context's", "FILE"},
       {"-t,--tag", &Options::tags, "Name of the image; several are possible", "NAME"},
       {"--target", &Options::target, "Build this stage", "STAGE"},
       build_argument_flag(),
       {"--label", &Options::labels, "Add a label", "NAME=VALUE"},
       {"--secret", &Options::secrets, "Let RUN --mount=type=secret read a file or variable",
        "id=ID,src=FILE"},
       ssh_flag(),
       {"--build-context", &Options::build_contexts, "A further source of files", "NAME=CONTEXT"},
       no_cache_flag(),
       pull_flag(),
       {"--network", &Options::build_network, "Network of RUN: default, none or host", "NAME"},
       {"--add-host", &Options::add_hosts, "A line for /etc/hosts", "NAME:ADDRESS"},
       {"--shm-size", &Options::shm_size, "Size of /dev/shm", "BYTES"},
       {"--ulimit", &Options::ulimits, "A limit of processes", "NAME=SOFT:HARD"},
       memory_flag(),
       {"--platform", &Options::platforms, "Only this machine's is possible", "PLATFORM"},
       {"--iidfile", &Options::iidfile, "Write the image's id to a file", "FILE"},
       {"--metadata-file", &Options::metadata_file, "Write the image's id and names as JSON",
        "FILE"},
       {"--no-cache-filter", &Options::no_cache_filter, "Do every step of these stages again",
        "STAGE"},
       {"--check", &Options::check, "Only check the Dockerfile"},
       {"--builder", &Options::builder, "There is one: default", "NAME"},
       provenance_flag(),
       sbom_flag(),
       {"-o,--output", &Options::outputs,
        "Write the files of the image to a directory, or - as a tar archive; or "
        "type=local|tar|docker|oci|image|registry,dest=PATH; several are possible",
        "DESTINATION"},
       {"--push", &Options::push, "Push the image, as -o type=registry"},
       {"--load", &Options::load, "Make an image, beside other outputs"},
       {"--cache-to", &Options::cache_to, hidden, "DESTINATION"},
       {"--rm", &Options::ignored, hidden},
       {"--force-rm", &Options::ignored, hidden},
       {"--cache-from", &Options::cache_from, hidden, "SOURCE"},
       {"-q,--quiet", &Options::quiet, "Print the image's id only"}},
      run_image_build};
}

}  // namespace stack::cli
