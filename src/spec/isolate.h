// SPDX-License-Identifier: Apache-2.0
// Several checkouts of one project beside each other (`--isolated`): another name, ports and
// objects of its own. Pure.
#pragma once

#include <string>
#include <string_view>

#include "spec/tree.h"

namespace stack::spec {

/// What a project is called in the checkout at the absolute path `checkout`: "shop-fix", where
/// `name` is shop and the folder is called fix. Where that would be the name itself, a part of a
/// hash of the path takes the folder's place. Always another name, and always the same; of a folder
/// called shop-fix it is that.
std::string isolated_name(std::string_view name, std::string_view checkout);

/// Rewrites a project, with everything filled in but the names of its objects: a host port that is
/// fixed becomes one of ten that only depend on `project`, the service and the port inside;
/// networks and volumes that have a name of their own get one of the project's; subnets are chosen,
/// unless a service has an address of its own choice there. What is external or shared stays as it
/// is. Doing it again changes nothing.
void isolate(Node& root, std::string_view project);

}  // namespace stack::spec
