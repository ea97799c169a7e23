// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.spindle.cluster;

import org.jspecify.annotations.NullMarked;
