// SPDX-License-Identifier: Apache-2.0
/** Tests of the package they are in. */
@NullMarked
package io.spindle.process;

import org.jspecify.annotations.NullMarked;
