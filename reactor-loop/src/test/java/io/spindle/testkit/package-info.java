// SPDX-License-Identifier: Apache-2.0
/** What the tests of all modules share: the rules of the house and the check for leaks. Published nowhere. */
@NullMarked
package io.spindle.testkit;

import org.jspecify.annotations.NullMarked;
