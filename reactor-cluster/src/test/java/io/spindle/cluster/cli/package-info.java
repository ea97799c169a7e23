// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.spindle.cluster.cli;

import org.jspecify.annotations.NullMarked;
