// SPDX-License-Identifier: Apache-2.0
/** The clustered service of the README, in a package of its own because Spring scans it. */
@NullMarked
package io.spindle.spring.hello;

import org.jspecify.annotations.NullMarked;
