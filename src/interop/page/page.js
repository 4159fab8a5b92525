/* SPDX-License-Identifier: MIT */
/*
 * Search, folding, copying and the theme. It reads the text of the page and nothing else,
 * and makes no markup: matches are painted by the browser (CSS.highlights), not put in.
 */
(function () {
	'use strict';

	var MATCHES_MAX = 5000;   /* more are counted as "5000+" */
	var SLICE_MS = 30;        /* searching gives way to the reader so often */
	var root = document.documentElement;
	var main = document.getElementById('messages');
	var query = document.getElementById('query');
	var found = document.getElementById('found');
	var fold = document.getElementById('fold');
	var theme = document.getElementById('theme');
	var prompts = document.getElementById('prompts');

	function each(list, act) {
		Array.prototype.forEach.call(list, act);
	}

	document.getElementById('tools').hidden = false;
	each(document.querySelectorAll('.copy'), function (button) {
		button.hidden = false;
	});
	if (prompts && window.matchMedia('(min-width: 70.01rem)').matches)
		prompts.open = true;

	/* ---- Theme ---- */

	var THEMES = ['auto', 'light', 'dark'];

	function setTheme(name) {
		if (name === 'auto')
			delete root.dataset.theme;
		else
			root.dataset.theme = name;
		theme.textContent = 'Theme: ' + name;
	}

	theme.addEventListener('click', function () {
		var now = root.dataset.theme || 'auto';

		setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
	});

	/* ---- Folding ---- */

	function setFolds(open) {
		each(main.querySelectorAll('details'), function (details) {
			details.open = open;
		});
		fold.textContent = open ? 'Collapse all' : 'Expand all';
		fold.setAttribute('aria-pressed', String(open));
	}

	fold.addEventListener('click', function () {
		setFolds(fold.getAttribute('aria-pressed') !== 'true');
	});

	function unfold(node) {
		for (var at = node; at; at = at.parentNode) {
			if (at.nodeName === 'DETAILS')
				at.open = true;
		}
	}

	/* On paper everything is open. */
	var folded = [];

	window.addEventListener('beforeprint', function () {
		folded = Array.prototype.filter.call(main.querySelectorAll('details'), function (details) {
			return !details.open;
		});
		folded.forEach(function (details) {
			details.open = true;
		});
	});
	window.addEventListener('afterprint', function () {
		folded.forEach(function (details) {
			details.open = false;
		});
		folded = [];
	});

	/* ---- Copying ---- */

	function copied(button, good) {
		button.textContent = good ? 'Copied' : 'Select and copy';
		window.setTimeout(function () {
			button.textContent = 'Copy';
		}, 1500);
	}

	function copyBySelection(pre) {
		window.getSelection().selectAllChildren(pre);
		return document.execCommand('copy');
	}

	main.addEventListener('click', function (event) {
		var button = event.target.closest ? event.target.closest('.copy') : null;
		var pre = button ? button.closest('.code').querySelector('pre') : null;

		if (!pre)
			return;
		if (!navigator.clipboard) {
			copied(button, copyBySelection(pre));
			return;
		}
		navigator.clipboard.writeText(pre.textContent).then(function () {
			copied(button, true);
		}, function () {
			copied(button, copyBySelection(pre));
		});
	});

	/* ---- Searching ---- */

	var BLOCKS = 'p,li,pre,td,th,h1,h2,h3,h4,h5,h6,dd,dt,blockquote,.plain,.brief,.name,.argument,code.brief';
	var canPaint = typeof Highlight === 'function' && window.CSS && CSS.highlights;
	var matches = [];
	var current = -1;
	var search = 0;           /* number of the newest search; others stop */
	var timer = 0;

	function paint() {
		if (!canPaint)
			return;
		CSS.highlights.delete('found');
		CSS.highlights.delete('current');
		if (matches.length > 0) {
			var all = new Highlight();

			matches.forEach(function (range) {
				all.add(range);
			});
			CSS.highlights.set('found', all);
		}
		if (current >= 0) {
			var one = new Highlight(matches[current]);

			one.priority = 1;
			CSS.highlights.set('current', one);
		}
	}

	function tell(isDone) {
		var count = matches.length + (matches.length === MATCHES_MAX ? '+' : '');

		if (query.value === '')
			found.textContent = '';
		else if (matches.length === 0)
			found.textContent = isDone ? 'No match' : 'Searching';
		else
			found.textContent = (current >= 0 ? (current + 1) + ' of ' : '') + count;
	}

	function show(index) {
		if (matches.length === 0)
			return;
		current = (index + matches.length) % matches.length;
		var range = matches[current];
		var element = range.startContainer.parentNode;

		unfold(element);
		if (canPaint) {
			paint();
		} else {
			window.getSelection().removeAllRanges();
			window.getSelection().addRange(range);
		}
		element.scrollIntoView({ block: 'center' });
		/* What stands far away is laid out only when it comes near, so it moves. */
		window.requestAnimationFrame(function () {
			var box = range.getBoundingClientRect();

			if (box.top < 80 || box.bottom > window.innerHeight - 20)
				window.scrollBy(0, box.top - window.innerHeight / 2);
		});
		tell(true);
	}

	/* A pattern that matches what was typed as it is, any white space for a space. */
	function patternOf(typed) {
		var quoted = typed.trim().replace(/[.*+?^${}()|[\]\\\/]/g, '\\$&').replace(/\s+/g, '\\s+');

		return quoted === '' ? null : new RegExp(quoted, 'giu');
	}

	/* Where a place in the joined text of some nodes is. */
	function placeOf(nodes, offset) {
		for (var i = 0; i < nodes.length; i++) {
			if (offset <= nodes[i].data.length)
				return { node: nodes[i], offset: offset };
			offset -= nodes[i].data.length;
		}
		return null;
	}

	function searchBlock(nodes, pattern) {
		var text = nodes.map(function (node) {
			return node.data;
		}).join('');
		var match;

		pattern.lastIndex = 0;
		while (matches.length < MATCHES_MAX && (match = pattern.exec(text)) !== null) {
			var range = document.createRange();
			var from = placeOf(nodes, match.index + 1);
			var to = placeOf(nodes, match.index + match[0].length);

			range.setStart(from.node, from.offset - 1);
			range.setEnd(to.node, to.offset);
			matches.push(range);
		}
	}

	function startSearch() {
		var number = ++search;
		var pattern = patternOf(query.value);
		var walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
		var nodes = [];
		var block = null;

		matches = [];
		current = -1;
		if (pattern === null) {
			paint();
			tell(true);
			return;
		}

		function finish() {
			searchBlock(nodes, pattern);
			paint();
			tell(true);
			if (matches.length > 0)
				show(0);
		}

		function step() {
			var until = Date.now() + SLICE_MS;

			if (number !== search)
				return;
			while (walker.nextNode()) {
				var node = walker.currentNode;
				var its = node.parentNode.closest(BLOCKS);

				/* Buttons are not the session's. */
				if (node.parentNode.nodeName === 'BUTTON')
					continue;
				if (its === null || its !== block) {
					searchBlock(nodes, pattern);
					nodes = [];
					block = its;
				}
				nodes.push(node);
				if (matches.length >= MATCHES_MAX)
					break;
				if (Date.now() > until) {
					tell(false);
					window.setTimeout(step, 0);
					return;
				}
			}
			finish();
		}
		step();
	}

	query.addEventListener('input', function () {
		window.clearTimeout(timer);
		timer = window.setTimeout(startSearch, 150);
	});
	query.addEventListener('keydown', function (event) {
		if (event.key === 'Enter') {
			event.preventDefault();
			show(current + (event.shiftKey ? -1 : 1));
		} else if (event.key === 'Escape') {
			query.value = '';
			startSearch();
			query.blur();
		}
	});
	document.getElementById('next').addEventListener('click', function () {
		show(current + 1);
	});
	document.getElementById('previous').addEventListener('click', function () {
		show(current - 1);
	});
	document.addEventListener('keydown', function (event) {
		var isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.nodeName);

		if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
			event.preventDefault();
			query.focus();
			query.select();
		}
	});
}());
