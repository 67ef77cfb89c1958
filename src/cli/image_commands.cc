// SPDX-License-Identifier: Apache-2.0
#include "cli/image_commands.h"

namespace stack::cli {
namespace {

Flag quiet_flag(const char* help) {
  return {"-q,--quiet", &Options::quiet, help};
}
Flag filter_flag(const char* help) {
  return {"-f,--filter", &Options::filters, help, "KEY=VALUE"};
}
Flag format_flag(const char* help) {
  return {"--format", &Options::format, help, "FORMAT"};
}
Flag no_trunc_flag() {
  return {"--no-trunc", &Options::no_trunc, "Do not shorten"};
}
Flag platform_flag(const char* help) {
  return {"--platform", &Options::platform, help, "OS/ARCH"};
}
Flag change_flag() {
  return {"-c,--change", &Options::changes,
          "Apply a Dockerfile instruction (CMD, ENV, VOLUME, ...)", "INSTRUCTION"};
}

}  // namespace

Command image_list_command() {
  return {"image ls",
          "List images",
          "stack image ls --filter reference='shop/*'",
          Positional::any,
          "NAME",
          {{"-a,--all", &Options::all, "Accepted: all images are always shown"},
           quiet_flag("Print ids only"),
           {"--digests", &Options::digests, "Show what registries call them"},
           {"--tree", &Options::tree, "Show each image with its names and its platform"},
           filter_flag("before, dangling, label, reference, since or until"),
           format_flag("table, 'table TEMPLATE', json, or a template of {{.ID}} and the like"),
           no_trunc_flag()},
          run_image_list};
}

Command image_pull_command() {
  return {"image pull",
          "Fetch an image from a registry",
          "stack image pull postgres:15",
          Positional::one,
          "NAME[:TAG|@DIGEST]",
          {quiet_flag("Print the image's name only"),
           {"-a,--all-tags", &Options::all_tags, "Fetch all tags of the repository"},
           platform_flag("The image for another platform than this machine's")},
          run_image_pull};
}

Command image_push_command() {
  return {"image push",
          "Upload an image to a registry",
          "stack image push localhost:5000/shop/web:1",
          Positional::one,
          "NAME[:TAG]",
          {quiet_flag("Print the digest only"),
           {"-a,--all-tags", &Options::all_tags, "Upload all tags of the repository"}},
          run_image_push};
}

Command image_tag_command() {
  return {"image tag",
          "Give an image a further name",
          "stack image tag postgres:15 shop/db:tested",
          Positional::at_least_one,
          "IMAGE NAME[:TAG]",
          {},
          run_image_tag};
}

Command image_remove_command() {
  return {"image rm",
          "Remove images",
          "stack image rm busybox:1",
          Positional::at_least_one,
          "IMAGE",
          {{"-f,--force", &Options::force, "Remove although containers use it"},
           {"--no-prune", &Options::no_cache, hidden}},
          run_image_remove};
}

Command image_inspect_command() {
  return {
      "image inspect",
      "Show all that is known of images, as JSON",
      "stack image inspect postgres:15",
      Positional::at_least_one,
      "IMAGE",
      {{"-f,--format", &Options::format, "json, or a template of {{.Id}} and the like", "FORMAT"}},
      run_image_inspect};
}

Command image_history_command() {
  return {
      "image history",
      "Show the steps by which an image came to be",
      "stack image history --no-trunc postgres:15",
      Positional::one,
      "IMAGE",
      {quiet_flag("Print ids only"),
       no_trunc_flag(),
       {"-H,--human", &Options::human, "Sizes and dates for people; --human=false: not"},
       format_flag("table, 'table TEMPLATE', json, or a template of {{.CreatedBy}} and the like")},
      run_image_history};
}

Command image_save_command() {
  return {"image save",
          "Write images into an archive, which docker and podman can load, too",
          "stack image save -o shop.tar shop/web shop/db",
          Positional::at_least_one,
          "IMAGE",
          {{"-o,--output", &Options::output, "Write to a file", "FILE"}},
          run_image_save};
}

Command image_load_command() {
  return {
      "image load",
      "Load the images of an archive (docker save, OCI layout)",
      "stack image load -i shop.tar",
      Positional::none,
      "",
      {{"-i,--input", &Options::input, "Read a file or a directory, not standard input", "FILE"},
       quiet_flag("Print nothing but what was loaded"),
       platform_flag("Of images for several platforms, that for this one")},
      run_image_load};
}

Command image_import_command() {
  return {"image import",
          "Make an image from a directory or tar archive",
          "stack image import rootfs.tar busybox:1",
          Positional::at_least_one,
          "SOURCE [NAME]",
          {change_flag(), {"-m,--message", &Options::message, "What it is", "TEXT"}},
          run_image_import};
}

Command image_debian_command() {
  return {"image debian",
          "Make an image from Debian's packages, without any registry",
          "stack image debian postgres:15 --packages postgresql-15,busybox",
          Positional::one,
          "NAME",
          {{"--packages", &Options::packages, "What to install, separated by commas", "LIST"},
           {"--suite", &Options::suite, "Debian's release; the host's when not given", "SUITE"},
           {"--no-cache", &Options::no_cache, "Build although the same image was built before"},
           change_flag()},
          run_image_debian};
}

Command image_prune_command() {
  return {"image prune",
          "Remove images without a name that no container uses",
          "stack image prune -f",
          Positional::none,
          "",
          {{"-a,--all", &Options::all, "Those with a name, too"},
           {"-f,--force", &Options::force, "Do not ask"},
           {"--filter", &Options::filters, "label=KEY, label!=KEY or until=TIME", "KEY=VALUE"}},
          run_image_prune};
}

Command pull_command() {
  return {"pull",
          "Fetch the images of the stack's services",
          "stack pull web",
          Positional::any,
          "SERVICE",
          {quiet_flag("Do not tell what is fetched"),
           {"--policy", &Options::pull_policy, "always (as without it) or missing", "POLICY"},
           {"--ignore-pull-failures", &Options::ignore_pull_failures,
            "Fetch what can be had, and succeed"},
           {"--ignore-buildable", &Options::ignore_buildable, "Leave out images that can be built"},
           {"--include-deps", &Options::include_deps, "Those of what the services depend on, too"}},
          run_pull};
}

Command push_command() {
  return {"push",
          "Upload the images of the stack's services",
          "stack push web",
          Positional::any,
          "SERVICE",
          {quiet_flag("Do not tell what is uploaded"),
           {"--ignore-push-failures", &Options::ignore_push_failures,
            "Upload what can be, and succeed"},
           {"--include-deps", &Options::include_deps, "Those of what the services depend on, too"}},
          run_push};
}

Command images_command() {
  return {"images",
          "List the images that the stack's containers were made from",
          "stack images --format json",
          Positional::any,
          "SERVICE",
          {quiet_flag("Print ids only"),
           format_flag("table, 'table TEMPLATE', json, or a template of {{.Tag}} and the like")},
          run_images};
}

Command login_command() {
  return {
      "login",
      "Log in to a registry",
      "stack login -u user --password-stdin localhost:5000",
      Positional::any,
      "REGISTRY",
      {{"-u,--username", &Options::user, "Name of the user", "NAME"},
       {"-p,--password", &Options::password, "Password; seen by all: use --password-stdin", "TEXT"},
       {"--password-stdin", &Options::password_stdin, "Read the password from standard input"}},
      run_login,
      false};
}

Command logout_command() {
  return {"logout",
          "Forget the password of a registry",
          "stack logout localhost:5000",
          Positional::any,
          "REGISTRY",
          {},
          run_logout,
          false};
}

}  // namespace stack::cli
