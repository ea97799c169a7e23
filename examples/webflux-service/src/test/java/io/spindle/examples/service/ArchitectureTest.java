// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import io.spindle.testkit.HouseRules;

class ArchitectureTest extends HouseRules {}
