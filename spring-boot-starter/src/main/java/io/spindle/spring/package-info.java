// SPDX-License-Identifier: Apache-2.0
/**
 * Spring Boot auto-configuration of Spindle: beans that back off before the user's own, properties under
 * {@code spindle.*}, and everything closed with the application context.
 */
@NullMarked
package io.spindle.spring;

import org.jspecify.annotations.NullMarked;
